"""Sums in memory that all ranks of one machine see, by MPI's shared windows.

A message between two processes of a machine is copied twice. Here each rank adds up a slice of all
the vectors, writes once what the others need of its own, and everybody reads the sum where it lies.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.alignment import BYTES
from chainrule.namespace import Array
from chainrule.sharding import tree_sum

FOLDER = Path("/dev/shm")  # where MPI libraries keep such memory on Linux
SPARE = 4  # times what is needed has to be free there: a file that does not fit ends the process


class SharedSum:
    """Vectors of one length and type in memory that all ranks of `world` see, and their sum."""

    def __init__(self, mpi: Any, world: Any, length: int, dtype: Any) -> None:
        self.world, self.length, dtype = world, length, np.dtype(dtype)
        self.slice, size = slice_of(length, world.size, world.rank, dtype)
        vectors = 1 if world.rank else 2  # the first rank's memory holds the sum as well
        self.window = mpi.Win.Allocate_shared(vectors * size, 1, comm=world)
        memory = [
            np.frombuffer(self.window.Shared_query(rank)[0], np.uint8) for rank in range(world.size)
        ]
        self.vectors = [part[:size].view(dtype) for part in memory]
        self.total = memory[0][size : 2 * size].view(dtype)
        self.window.Lock_all()

    def __call__(self, vector: Array) -> Array:
        """Return Σ over the ranks, added in a binary tree; good until the next call."""
        mine, rank = self.slice, self.world.rank
        for others in slice(0, mine.start), slice(mine.stop, self.length):
            self.vectors[rank][others] = vector[others]
        self._all_have_written()
        terms = [vector[mine] if r == rank else v[mine] for r, v in enumerate(self.vectors)]
        left = 1 << (len(terms) - 1).bit_length() - 1  # of the tree: a power of two
        np.add(tree_sum(terms[:left]), tree_sum(terms[left:]), out=self.total[self.slice])
        self._all_have_written()
        return self.total[: self.length]

    def _all_have_written(self) -> None:
        self.window.Sync()
        self.world.Barrier()
        self.window.Sync()


def slice_of(length: int, ranks: int, rank: int, dtype: Any) -> tuple[slice, int]:
    """Return the part of a vector that a rank adds up, and the bytes for a whole one.

    Parts begin at multiples of 64 bytes, and are alike but for the end of the vector.

    >>> slice_of(100, 3, 1, np.dtype("float32"))
    (slice(48, 96, None), 576)
    >>> slice_of(100, 3, 2, np.dtype("float32"))
    (slice(96, 100, None), 576)
    """
    lot = BYTES // dtype.itemsize
    each = -(-length // (lot * ranks)) * lot
    part = slice(min(rank * each, length), min((rank + 1) * each, length))
    return part, ranks * each * dtype.itemsize


def there_is_room(length: int, ranks: int, dtype: Any, folder: Path = FOLDER) -> bool:
    """Say whether such memory surely fits; not in a container that gives it 64 MB and no more.

    >>> there_is_room(1, 2, np.dtype("float32"), Path("not there"))
    False
    """
    if not hasattr(os, "statvfs") or not folder.is_dir():
        return False
    free = os.statvfs(folder)
    return SPARE * (ranks + 1) * length * dtype.itemsize <= free.f_bavail * free.f_frsize
