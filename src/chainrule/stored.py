"""Samples that stay where they are, on disk or behind a function, and are read row by row.

A `Stored` array has a shape, a type and a length, and `x[rows]` brings those rows, and no others,
into memory. That is all that training asks of its data, so a data set larger than memory gives the
very minibatches that the same numbers in memory give.
"""

from __future__ import annotations

import mmap
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from chainrule.errors import DataError
from chainrule.namespace import Array
from chainrule.row_file import row_file

ROWS_BEFORE_RELEASE = 128  # of a mapped file; the system maps up to 1 MB around each row


class Stored(ABC):
    """An array (n, ...) that is not in memory; `x[rows]` and `x[a:b]` read a part of it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self, rows: Array) -> Array:
        """Return these rows, int64 (m,) in any order, as a NumPy array (m, ...)."""

    def __getitem__(self, rows: Any) -> Array:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        return self.read(np.asarray(rows))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Number of axes, with that of the samples."""
        return len(self.shape)

    @property
    def row_bytes(self) -> int:
        """Size of one sample in memory."""
        return prod(self.shape[1:]) * self.dtype.itemsize

    def part(self, rows: Array) -> Stored:
        """Return some of the rows as a stored array of its own; nothing is read."""
        return Part(self, rows)

    def __repr__(self) -> str:
        size = len(self) * self.row_bytes / 1e9
        return f"<{type(self).__name__} {self.shape} {self.dtype}, {size:.1f} GB>"


class Mapped(Stored):
    """A memory-mapped array (`np.load(path, mmap_mode="r")`), which stays outside the memory.

    Rows are read from its file (`row_file.py`), where that can be done. Through the map, the pages
    that were read would count as the process's memory until the system wants them elsewhere; then
    they are handed back every 128 rows, so that an epoch over 20 GB stays small.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> np.save(path, np.arange(6.0).reshape(3, 2))
    >>> Mapped(np.load(path, mmap_mode="r"))[[2, 0]]
    array([[4., 5.],
           [0., 1.]])
    """

    def __init__(self, array: np.memmap[Any, Any]) -> None:
        self.array, self.shape = array, array.shape
        self.dtype = array.dtype.newbyteorder("=")
        self.rows_read = 0
        self.file = row_file(array)
        mapping = getattr(array, "_mmap", None)
        if mapping is not None and hasattr(mmap, "MADV_RANDOM"):
            mapping.madvise(mmap.MADV_RANDOM)  # rows come shuffled: reading ahead would be in vain

    def read(self, rows: Array) -> Array:
        if self.file is not None:
            return self.file.read(self._within(rows)).astype(self.dtype, copy=False)
        X = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for i in range(0, len(rows), ROWS_BEFORE_RELEASE):  # a long read would map the whole file
            some = rows[i : i + ROWS_BEFORE_RELEASE]
            X[i : i + len(some)] = self.array[some]
            self._count(len(some))
        return X

    def _within(self, rows: Array) -> Array:
        """Return rows counted from the first; raise IndexError for those that are not there."""
        rows = np.where(rows < 0, rows + len(self), rows)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of an array of {len(self)}")
        return rows

    def _count(self, rows: int) -> None:
        """Give the pages back where enough rows have been read since the last time."""
        self.rows_read += rows
        if self.rows_read >= ROWS_BEFORE_RELEASE:
            self.rows_read = 0
            mapping = getattr(self.array, "_mmap", None)
            if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapping.madvise(mmap.MADV_DONTNEED)  # of a file mapped for reading: nothing is lost


class Part(Stored):
    """Some rows of a stored array."""

    def __init__(self, whole: Stored, rows: Array) -> None:
        self.whole, self.rows = whole, rows
        self.shape, self.dtype = (len(rows), *whole.shape[1:]), whole.dtype

    def read(self, rows: Array) -> Array:
        return self.whole.read(self.rows[rows])


class Converted(Stored):
    """A stored array whose rows go through a function as they are read.

    `like` is what the function makes of one row: it says shape and type.
    """

    def __init__(self, source: Stored, function: Callable[[Array], Array]) -> None:
        self.source, self.function = source, function
        like = function(source[:1])
        self.shape, self.dtype = (len(source), *like.shape[1:]), like.dtype

    def read(self, rows: Array) -> Array:
        return self.function(self.source.read(rows))


class FromFunction(Stored):
    """Rows that a function makes: `read(rows)` returns an array (len(rows), *shape[1:]).

    >>> squares = FromFunction(lambda rows: rows[:, None] ** 2.0, (10, 1))
    >>> squares[3:5].ravel().tolist()
    [9.0, 16.0]
    """

    def __init__(
        self, function: Callable[[Array], Array], shape: tuple[int, ...], dtype: Any = "float64"
    ) -> None:
        self.function, self.shape, self.dtype = function, tuple(shape), np.dtype(dtype)

    def read(self, rows: Array) -> Array:
        X = np.asarray(self.function(rows), self.dtype)
        if X.shape != (len(rows), *self.shape[1:]):
            expected = (len(rows), *self.shape[1:])
            raise DataError(f"a stored array's function must return {expected}, got {X.shape}")
        return X


def as_stored(x: Any) -> Stored | None:
    """Return `x` as a stored array where it is one or is memory-mapped, else None."""
    if isinstance(x, Stored):
        return x
    return Mapped(x) if isinstance(x, np.memmap) and x.ndim else None
