"""MPI: the ranks that a launcher has started, and the sum of a vector over them.

MPI's own all-reduce does not fix the order of its additions. Here it is fixed: few ranks add by
recursive doubling, which is the binary tree over the ranks; for more, each rank gets a slice of
every vector, adds them in the same tree, and gives its slice to all. Needs mpi4py, the extra
`chainrule[mpi]`.
"""

from __future__ import annotations

import os
import sys
import traceback
from functools import cache
from types import TracebackType
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.namespace import Array
from chainrule.sharding import tree_sum

FEW = 4  # ranks up to which whole vectors are exchanged
# What launchers tell their processes: how many there are.
ANNOUNCED = {
    "OMPI_COMM_WORLD_SIZE": "Open MPI's mpirun",
    "PMI_SIZE": "an MPICH-like mpirun",
    "SLURM_STEP_NUM_TASKS": "srun",
}


def announced() -> tuple[int, str]:
    """Return how many processes the launcher says it has started, and which launcher it is."""
    for variable, launcher in ANNOUNCED.items():
        size = os.environ.get(variable, "")
        if size.isdigit():
            return int(size), launcher
    return 1, "no launcher"


class MPIComm:
    """The ranks of MPI.COMM_WORLD."""

    def __init__(self, mpi: Any) -> None:
        self.mpi, self.world = mpi, mpi.COMM_WORLD
        self.rank, self.size = self.world.rank, self.world.size

    def sum(self, vector: Array) -> Array:
        """Return Σ over the ranks, added in a binary tree: the same bits on all of them."""
        if self.size == 1:
            return vector
        if self.size <= FEW and self.size & (self.size - 1) == 0:
            return self._doubling(np.ascontiguousarray(vector))
        return self._slices(vector)

    def abort(self, code: int) -> None:
        """End all ranks."""
        sys.stdout.flush()
        sys.stderr.flush()
        self.world.Abort(code)

    def _doubling(self, vector: Array) -> Array:
        other, distance = np.empty_like(vector), 1
        while distance < self.size:
            partner = self.rank ^ distance
            self.world.Sendrecv(vector, partner, recvbuf=other, source=partner)
            vector, distance = vector + other, 2 * distance  # a + b and b + a are the same bits
        return vector

    def _slices(self, vector: Array) -> Array:
        each = -(-len(vector) // self.size)
        padded = np.zeros(each * self.size, vector.dtype)
        padded[: len(vector)] = vector
        received = np.empty((self.size, each), vector.dtype)
        self.world.Alltoall(padded, received)
        self.world.Allgather(np.ascontiguousarray(tree_sum(list(received))), padded)
        return padded[: len(vector)]


@cache
def connect() -> MPIComm:
    """Return the ranks of this program; an exception in one of them will end them all.

    Raises MissingExtraError without mpi4py, ConfigurationError when the launcher and the MPI
    library that mpi4py has loaded do not belong together.
    """
    os.environ.setdefault("NPROC", "1")  # read by XLA when it starts
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError(
            f'comm="mpi" needs mpi4py and an MPI library: pip install "chainrule[mpi]" on a '
            f'cluster, "chainrule[mpi-local]" where there is no MPI yet ({error})'
        ) from None
    size, launcher = announced()
    if size > 1 and MPI.COMM_WORLD.size == 1:
        library = MPI.Get_library_version().split("\n")[0].strip("\0 ")
        raise ConfigurationError(
            f"{launcher} says that there are {size} processes, but mpi4py has loaded {library}, "
            f"which sees 1: use the mpirun of that library, or install mpi4py for that launcher"
        )
    comm = MPIComm(MPI)
    if comm.size > 1:
        sys.excepthook = _abort_all
    return comm


def _abort_all(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> Any:
    traceback.print_exception(kind, error, where)
    print(f"chainrule: rank {connect().rank} failed; all ranks end", file=sys.stderr)
    connect().abort(1)
