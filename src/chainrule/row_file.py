"""Rows of a mapped file, read by system calls and not through the map.

A row that is read through a map costs a page fault for each page, and its pages then belong to the
process. `preadv` copies the row and no more, in about half the time, in a thread that holds no lock
meanwhile; and what was read lies in the system's cache alone.
"""

from __future__ import annotations

import os
import weakref
from mmap import ALLOCATIONGRANULARITY
from typing import Any

import numpy as np

from chainrule.alignment import aligned_empty
from chainrule.namespace import Array


class RowFile:
    """The file behind a memory map, row by row. Made by `row_file`."""

    def __init__(self, file: int, first: int, stride: int, like: Array) -> None:
        self.file, self.first, self.stride = file, first, stride
        self.shape, self.dtype = like.shape[1:], like.dtype
        self.row_bytes = like.nbytes
        weakref.finalize(self, os.close, file)

    def read(self, rows: Array) -> Array:
        """Return these rows; raise OSError where the file is shorter than it was."""
        X = aligned_empty((len(rows), *self.shape), self.dtype)
        memory, size = X.reshape(-1).view(np.uint8).data, self.row_bytes
        for i, row in enumerate(rows.tolist()):
            place = memory[i * size : (i + 1) * size]
            if os.preadv(self.file, [place], self.first + row * self.stride) != size:
                raise OSError(f"row {row:,} cannot be read: the file has become shorter")
        return X


def row_file(array: np.memmap[Any, Any]) -> RowFile | None:
    """Return the file behind a map where its rows can be read from there, else None.

    That is not so on Windows, for a private map (mode "c"), for rows that lie in pieces, and for
    a file that is no longer at its place.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> np.save(path, np.arange(6.0).reshape(3, 2))
    >>> file = row_file(np.load(path, mmap_mode="r"))
    >>> None if file is None else file.read(np.array([2, 0])).tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    """
    mapping, name = getattr(array, "_mmap", None), getattr(array, "filename", None)
    whole_rows = len(array) > 0 and array[:1].flags.c_contiguous and array[:1].nbytes > 0
    # A copy of a map is still called a memmap; it owns its numbers.
    if mapping is None or name is None or array.mode == "c" or array.flags.owndata:
        return None
    if not whole_rows or array.strides[0] < 0 or not hasattr(os, "preadv"):
        return None
    start = np.frombuffer(mapping, np.uint8).ctypes.data
    skipped = array.ctypes.data - start
    if not 0 <= skipped < len(mapping):
        return None
    first = array.offset - array.offset % ALLOCATIONGRANULARITY + skipped
    try:
        file = os.open(name, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    found = RowFile(file, first, array.strides[0], array[:1])
    if hasattr(os, "posix_fadvise"):  # rows come shuffled: reading ahead would be in vain
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    ends = np.array([0, len(array) - 1])
    try:
        same = found.read(ends).tobytes() == array[ends].tobytes()
    except OSError:
        same = False
    return found if same else None
