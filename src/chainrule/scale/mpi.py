"""MPI: the ranks that a launcher has started, and the sum of a vector over them.

MPI's own all-reduce does not fix the order of its additions. Here it is the binary tree over the
ranks, whatever way the numbers travel. Where the ranks are a power of two, short vectors go whole
(recursive doubling: the fewest messages), long ones by halves (recursive halving, then the way
back: 2 (P - 1) / P of the bytes). Otherwise each rank gets a slice of every vector, adds them in
the same tree, and gives its slice to all. Needs mpi4py, the extra `chainrule[mpi]`.
"""

from __future__ import annotations

import os
import sys
import traceback
from functools import cache, cached_property
from time import sleep
from types import TracebackType
from typing import Any

import numpy as np

from chainrule.alignment import aligned_empty
from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.launcher import SRUN, announced
from chainrule.namespace import Array
from chainrule.scale.shared import SharedSum, there_is_room
from chainrule.sharding import tree_sum

SHORT = 32 << 10  # bytes up to which a vector is exchanged whole


class MPIComm:
    """The ranks of MPI.COMM_WORLD."""

    one_mesh = False

    def __init__(self, mpi: Any) -> None:
        self.mpi, self.world = mpi, mpi.COMM_WORLD
        self.rank, self.size = self.world.rank, self.world.size
        self.kept: dict[Any, tuple[Array, Array]] = {}
        self.shared: dict[Any, SharedSum | None] = {}  # by length and type; None: not to be had

    def sum(self, vector: Array) -> Array:
        """Return Σ over the ranks, added in a binary tree: the same bits on all of them.

        The result of a long vector is good until the next one of its length is summed.
        """
        if self.size == 1:
            return vector
        vector = np.ascontiguousarray(vector)
        long, even = vector.nbytes > SHORT, not self.size & (self.size - 1)
        if long and (shared := self._shared(len(vector), vector.dtype)) is not None:
            return shared(vector)
        if not even:
            return self._slices(vector)
        return self._halving(vector) if long else self._doubling(vector)

    def wait(self) -> None:
        """Come back when all ranks have called it."""
        self.world.Barrier()

    def most(self, *numbers: int) -> list[int]:
        """Return the largest of each number over the ranks."""
        largest = np.empty(len(numbers), np.int64)
        self.world.Allreduce(np.array(numbers, np.int64), largest, self.mpi.MAX)
        return [int(n) for n in largest]

    def tell(self, text: str) -> str:
        """Return what the first rank says."""
        told: str = self.world.bcast(text)
        return told

    def abort(self, code: int) -> None:
        """End all ranks."""
        sys.stdout.flush()
        sys.stderr.flush()
        sleep(0.5)  # what the launcher has not read by then is lost
        self.world.Abort(code)

    def _doubling(self, vector: Array) -> Array:
        other, distance = np.empty_like(vector), 1
        while distance < self.size:
            partner = self.rank ^ distance
            self.world.Sendrecv(vector, partner, recvbuf=other, source=partner)
            vector, distance = vector + other, 2 * distance  # a + b and b + a are the same bits
        return vector

    def _halving(self, vector: Array) -> Array:
        total, other = self._memory("halves", len(vector), vector.dtype)
        first, end, distance, sent = 0, len(vector), 1, []
        while distance < self.size:  # a half of what is left goes, the other is added up here
            middle = (first + end) // 2
            lower, upper = slice(first, middle), slice(middle, end)
            mine, theirs = (upper, lower) if self.rank & distance else (lower, upper)
            partner, received = self.rank ^ distance, other[: mine.stop - mine.start]
            self.world.Sendrecv(vector[theirs], partner, recvbuf=received, source=partner)
            np.add(vector[mine], received, out=total[mine])
            sent.append((partner, mine, theirs))
            first, end, vector, distance = mine.start, mine.stop, total, 2 * distance
        for partner, mine, theirs in reversed(sent):
            self.world.Sendrecv(total[mine], partner, recvbuf=total[theirs], source=partner)
        return total

    def _slices(self, vector: Array) -> Array:
        each = -(-len(vector) // self.size)
        padded, received = self._memory("slices", each * self.size, vector.dtype)
        padded[: len(vector)], padded[len(vector) :] = vector, 0
        received = received.reshape(self.size, each)
        self.world.Alltoall(padded, received)
        self.world.Allgather(np.ascontiguousarray(tree_sum(list(received))), padded)
        return padded[: len(vector)]

    def _shared(self, length: int, dtype: Any) -> SharedSum | None:
        """Return the sum in shared memory, where all ranks are on one machine that has room."""
        key = (length, str(dtype))
        if key not in self.shared:
            fits = self._one_machine and there_is_room(length, self.size, dtype)
            all_fit = self.most(not fits) == [0]
            self.shared[key] = SharedSum(self.mpi, self.world, length, dtype) if all_fit else None
        return self.shared[key]

    @cached_property
    def _one_machine(self) -> bool:
        there: int = self.world.Split_type(self.mpi.COMM_TYPE_SHARED).size
        return there == self.size

    def _memory(self, use: str, length: int, dtype: Any) -> tuple[Array, Array]:
        """Return two vectors, the same ones each time: fresh memory costs as much as the sum."""
        key = (use, length, str(dtype))
        if key not in self.kept:
            self.kept[key] = (aligned_empty((length,), dtype), aligned_empty((length,), dtype))
        return self.kept[key]


@cache
def connect() -> MPIComm:
    """Return the ranks of this program; an exception in one of them will end them all.

    Raises MissingExtraError without mpi4py, ConfigurationError when the launcher and the MPI
    library that mpi4py has loaded do not belong together.
    """
    os.environ.setdefault("NPROC", "1")  # read by XLA when it starts
    os.environ.setdefault("OMPI_MCA_osc", "^ucx")  # for whose absence Open MPI 5 writes an error
    try:
        import mpi4py

        # Started when it is known to fit: MPICH ends a process that Open MPI has started.
        mpi4py.rc.initialize, mpi4py.rc.finalize = False, True
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError(
            f'comm="mpi" needs mpi4py and an MPI library: pip install "chainrule[mpi]" on a '
            f'cluster, "chainrule[mpi-local]" where there is no MPI yet ({error})'
        ) from None
    library = MPI.Get_library_version()
    if "PMIX_RANK" in os.environ and "MPICH" in library and "pmix" not in library.lower():
        raise _strangers(library)
    if not MPI.Is_initialized():
        MPI.Init_thread()
    if announced()[0] > 1 and MPI.COMM_WORLD.size == 1:
        raise _strangers(library)
    comm = MPIComm(MPI)
    if comm.size > 1:
        sys.excepthook = _abort_all
    return comm


def _strangers(library: str) -> ConfigurationError:
    size, launcher = announced()
    name = library.split("\n")[0].strip("\0 ")
    way = "use the mpirun of that library, or install mpi4py for that launcher"
    if launcher == SRUN:
        way = "MPICH is joined by srun --mpi=pmi2, Open MPI by srun --mpi=pmix"
    return ConfigurationError(
        f"{launcher} says that there are {size} processes, but mpi4py has loaded {name}, which "
        f"cannot see them: {way}"
    )


def _abort_all(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> Any:
    traceback.print_exception(kind, error, where)
    print(f"chainrule: rank {connect().rank} failed; all ranks end", file=sys.stderr)
    connect().abort(1)
