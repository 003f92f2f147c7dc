"""Stored data in memory, piece by piece: the next ones are read while the engine works on one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from math import prod

import numpy as np

from chainrule.namespace import Array
from chainrule.step import Data

BYTES_AT_ONCE = 16 << 20  # samples of a piece
AHEAD = 2  # pieces that are read before they are asked for, each by a thread of its own


def all_columns(m: int) -> slice:
    """Return the part of a minibatch of m samples that is read: all of it."""
    return slice(0, m)


class Pieces:
    """The minibatches of an index block (steps, m), gathered several steps at a time.

    `own(m)` says which of a minibatch's m samples are read here, when others read the rest; the
    weights are always those of the whole minibatch. With `padded`, all pieces of a block have one
    length, as a compiled program needs it.
    """

    def __init__(
        self, data: Data, own: Callable[[int], slice] = all_columns, padded: bool = False
    ) -> None:
        self.data, self.own, self.padded = data, own, padded
        self.pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="chainrule-read")
        self.block: Array | None = None
        self.coming: dict[int, Future[Data]] = {}

    def size(self, block: Array) -> int:
        """Return the number of steps of a piece."""
        row = prod(self.data.X.shape[1:]) * self.data.X.dtype.itemsize
        return max(1, min(len(block), BYTES_AT_ONCE // max(1, block.shape[1] * row)))

    def at(self, block: Array, step: int) -> tuple[Data, int]:
        """Return the piece with the minibatch of this step, and the first step that it holds."""
        if block is not self.block:
            self._forget(range(len(block)))
            self.block = block
        size = self.size(block)
        k = step // size
        self._forget(range(k))
        for ahead in range(k, k + AHEAD + 1):
            first = ahead * size
            if first < len(block) and ahead not in self.coming:
                self.coming[ahead] = self.pool.submit(self._gather, block, first, size)
        return self.coming[k].result(), k * size

    def _forget(self, pieces: range) -> None:
        for k in [k for k in self.coming if k in pieces]:
            self.coming.pop(k).cancel()

    def _gather(self, block: Array, first: int, size: int) -> Data:
        rows = block[first : first + size]
        if self.padded and len(rows) < size:  # never run, only shaped
            rows = np.concatenate(
                [rows, np.broadcast_to(rows[-1:], (size - len(rows), *rows.shape[1:]))]
            )
        part = self.data._replace(weights=None).at(rows[:, self.own(block.shape[1])].ravel())
        weights = None if self.data.weights is None else self.data.weights[rows.ravel()]
        return part._replace(weights=weights)
