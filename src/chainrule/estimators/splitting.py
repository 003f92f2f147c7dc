"""Which rows early stopping holds out: scikit-learn's draw, of rows as often as they count."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.model_selection import train_test_split

from chainrule.namespace import Array

MOST = 10_000_000  # a sum of weights up to which they are taken for counts of rows
COPIES = 0.25  # a share of copies from which rows are sorted by content
ROWS_AT_ONCE = 4096
MULTIPLIER, LIFT = 0xD6E8FEB86659FD93, 0x9E3779B97F4A7C15  # odd constants of a 64-bit hash


class Split(NamedTuple):
    """Row numbers of the two parts, and how often each row counts there (None: once)."""

    kept: Array
    held: Array
    kept_counts: Array | None = None
    held_counts: Array | None = None


def hold_out(
    X: Any, y: Array, weights: Array | None, share: float, stratify: bool, generator: Any
) -> Split:
    """Divide the rows, so that one of weight 3 is as good as three rows, and one of 0 as none.

    Each row is drawn as often as it counts, by scikit-learn's own draw. Where a quarter of what is
    drawn is there already, neither the order of rows nor how copies are written down shall matter:
    there they are sorted by what is in them first. Weights that are no whole numbers do not say
    how often a row is there: then rows are drawn as they stand.
    """
    rows = np.arange(len(y))
    if weights is not None:
        rows = rows[weights > 0]
        weights = weights[rows]
    counts = None
    if weights is not None and not np.any(weights % 1) and len(rows) < weights.sum() <= MOST:
        counts = weights.astype(int)
    keys = row_keys(X, y)[rows]
    units = len(rows) if counts is None else int(counts.sum())
    if units - len(np.unique(keys)) >= COPIES * units:
        order = np.argsort(keys, kind="stable")
        rows, counts = rows[order], None if counts is None else counts[order]
    if counts is None:
        return Split(*_drawn(rows, y, share, stratify, generator))
    parts = _drawn(rows.repeat(counts), y, share, stratify, generator)
    kept, held = (np.unique(part, return_counts=True) for part in parts)
    return Split(kept[0], held[0], kept[1], held[1])


def _drawn(rows: Array, y: Array, share: float, stratify: bool, generator: Any) -> Any:
    return train_test_split(
        rows, random_state=generator, test_size=share, stratify=y[rows] if stratify else None
    )


def row_keys(X: Any, y: Array) -> Array:
    """Return a 64-bit hash of each row of X and y together; copies have the same.

    >>> keys = row_keys(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]), np.array([0, 0, 0]))
    >>> bool(keys[0] == keys[2] != keys[1])
    True
    """
    return _hashed(X) * np.uint64(MULTIPLIER) + _hashed(y)


def _hashed(X: Any) -> Array:
    if issparse(X):
        X = X.tocsr(copy=True)
        X.sum_duplicates()
        X.eliminate_zeros()
        sums = np.cumsum(_mixed(X.data, X.indices), dtype=np.uint64)
        before = np.concatenate([np.zeros(1, np.uint64), sums])[X.indptr]
        return before[1:] - before[:-1]  # modulo 2^64, as all of it
    flat = X.reshape(len(X), -1)
    columns, keys = np.arange(flat.shape[1]), np.empty(len(X), np.uint64)
    for i in range(0, len(X), ROWS_AT_ONCE):
        keys[i : i + ROWS_AT_ONCE] = _mixed(flat[i : i + ROWS_AT_ONCE], columns).sum(
            axis=1, dtype=np.uint64
        )
    return keys


def _mixed(values: Array, columns: Array) -> Array:
    """Return each value's bits, mixed with its column's number."""
    bits = (values.astype(np.float64) + 0.0).view(np.uint64)  # + 0: there is one zero
    bits = bits ^ (columns.astype(np.uint64) + np.uint64(1)) * np.uint64(LIFT)
    for _ in range(2):
        bits = (bits ^ (bits >> np.uint64(32))) * np.uint64(MULTIPLIER)
    return bits ^ (bits >> np.uint64(32))
