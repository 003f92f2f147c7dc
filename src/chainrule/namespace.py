"""Which array library an array belongs to: numpy, or jax.numpy while it is being compiled.

Layers, losses and optimizers ask their arrays instead of importing a library, so the same
lines run on both engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

NARROW = 32  # columns up to which NumPy's own way along the rows is slow: a call for each of them


def array_namespace(X: Array) -> Any:
    """Return the module whose functions work on `X`.

    >>> array_namespace(np.zeros(2)).__name__
    'numpy'
    """
    return np if type(X) is np.ndarray else X.__array_namespace__()


BARRIERS: dict[str, Callable[[Array], Array]] = {}  # what engines have for `whole`


def whole(X: Array) -> Array:
    """Return X itself, computed before it is read.

    A compiler may do what is cheap anew for each reader; nine shifted copies of an image, say.
    """
    compute = BARRIERS.get(array_namespace(X).__name__)
    return X if compute is None else compute(X)


def row_max(Z: Array) -> Array:
    """Return the largest entry of each row, (m, 1).

    >>> row_max(np.array([[1.0, 3.0], [2.0, 0.0]]))
    array([[3.],
           [2.]])
    """
    xp = array_namespace(Z)
    if xp.__name__ == "numpy" and Z.shape[1] < NARROW:
        turned: Array = xp.asarray(Z.T, order="C")
        return turned.max(axis=0)[:, None]
    return Z.max(axis=1, keepdims=True)


def row_sum(Z: Array) -> Array:
    """Return the sum of each row, (m,).

    >>> row_sum(np.array([[1.0, 3.0], [2.0, 0.0]]))
    array([4., 2.])
    """
    xp = array_namespace(Z)
    if xp.__name__ == "numpy" and Z.shape[1] < NARROW:
        return xp.asarray(Z @ xp.ones(Z.shape[1], Z.dtype))
    total: Array = Z.sum(axis=1)
    return total


def column_sum(Z: Array) -> Array:
    """Return the sum of each column of a matrix, (n,): over a minibatch.

    >>> column_sum(np.array([[1.0, 3.0], [2.0, 0.0]]))
    array([3., 3.])
    """
    xp = array_namespace(Z)
    if xp.__name__ == "numpy":  # whose own sum takes three times as long as a product
        return xp.asarray(xp.ones(Z.shape[0], Z.dtype) @ Z)
    return Z.sum(axis=0)


def add_rows(count: int, places: Array, rows: Array) -> Array:
    """Return (count, n) in which each of `rows` (k, n) is added at its place (k,): a scatter-add.

    >>> add_rows(3, np.array([2, 0, 2]), np.array([[1.0], [2.0], [3.0]])).ravel()
    array([2., 0., 4.])
    """
    xp = array_namespace(rows)
    total = xp.zeros((count, rows.shape[1]), rows.dtype)
    if xp.__name__ != "numpy":
        return total.at[places].add(rows)
    if len(rows):  # sorted, each place is one run, which is summed in one go
        order = np.argsort(places, kind="stable")
        starts = np.flatnonzero(np.diff(places[order], prepend=-1))
        total[places[order][starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return total
