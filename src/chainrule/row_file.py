"""Rows of a mapped file, read by system calls and not through the map.

A row that is read through a map costs a page fault for each page, and its pages then belong to the
process. `preadv` copies the row and no more, in about half the time, in a thread that holds no lock
meanwhile; and what was read lies in the system's cache alone. For a file that is larger than half
of the memory this cache is of little use, as each row is read once an epoch: such a file is read
around it (`O_DIRECT`, in whole blocks), where the file system can, for a third of the time.
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.alignment import aligned_empty
from chainrule.namespace import Array

BLOCK = 4096  # what reads around the cache are aligned to
LONGEST = 1 << 20  # bytes of a read


class RowFile:
    """The file behind a memory map, row by row. Made by `row_file`.

    With `direct`, `file` is open for reading around the system's cache.
    """

    def __init__(self, file: int, first: int, stride: int, like: Array, direct: bool) -> None:
        self.file, self.first, self.stride, self.direct = file, first, stride, direct
        self.shape, self.dtype = like.shape[1:], like.dtype
        self.row_bytes = like.nbytes
        weakref.finalize(self, os.close, file)

    def read(self, rows: Array) -> Array:
        """Return these rows; raise OSError where the file is shorter than it was."""
        X = aligned_empty((len(rows), *self.shape), self.dtype)
        memory, size = X.reshape(-1).view(np.uint8).data, self.row_bytes
        blocks = memoryview(mmap.mmap(-1, max(LONGEST, size) + 2 * BLOCK)) if self.direct else None
        for at, row, count in self._runs(rows):
            length, place = count * size, self.first + row * self.stride
            if blocks is None:
                got = os.preadv(self.file, [memory[at * size : at * size + length]], place)
            else:
                skipped = place % BLOCK
                whole = -(-(skipped + length) // BLOCK) * BLOCK
                got = os.preadv(self.file, [blocks[:whole]], place - skipped) - skipped
                memory[at * size : at * size + length] = blocks[skipped : skipped + length]
            if got < length:
                raise OSError(f"row {row:,} cannot be read: the file has become shorter")
        return X

    def _runs(self, rows: Array) -> Iterator[tuple[int, int, int]]:
        """Yield place, first row and number of rows that follow one another, for one read each."""
        follow = np.zeros(len(rows), bool)
        if self.stride == self.row_bytes:
            follow[1:] = rows[1:] == rows[:-1] + 1
        starts = np.flatnonzero(~follow)
        counts = np.diff(np.append(starts, len(rows)))
        most = max(1, LONGEST // self.row_bytes)
        for at, row, count in zip(
            starts.tolist(), rows[starts].tolist(), counts.tolist(), strict=True
        ):
            for done in range(0, count, most):
                yield at + done, row + done, min(most, count - done)


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
    first = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY + skipped
    around = hasattr(os, "O_DIRECT") and os.path.exists(name) and _too_large(os.path.getsize(name))
    for direct in (True, False) if around else (False,):
        found = _opened(name, first, array, direct)
        if found is not None:
            return found
    return None


def _opened(name: Any, first: int, array: np.memmap[Any, Any], direct: bool) -> RowFile | None:
    """Return the file, if it can be read in this way and still holds what the map shows."""
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | (os.O_DIRECT if direct else 0)
    try:
        file = os.open(name, flags)
    except OSError:
        return None
    found = RowFile(file, first, array.strides[0], array[:1], direct)
    if hasattr(os, "posix_fadvise"):  # rows come shuffled: reading ahead would be in vain
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    ends = np.array([0, len(array) - 1])
    try:
        same = found.read(ends).tobytes() == array[ends].tobytes()
    except OSError:
        same = False
    return found if same else None


def _too_large(size: int) -> bool:
    """Say whether a file of this size will not stay in the system's cache."""
    return size > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
