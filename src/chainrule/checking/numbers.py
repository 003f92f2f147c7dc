"""The numbers a check is made with, and how numbers and digits are written.

Inputs are drawn from the hash in `randomness.py`, so one seed gives the same page again. They
have one decimal, for a line with −1.5 and 0.3 in it can be redone by hand.
"""

from __future__ import annotations

from math import floor, isfinite, log10, prod

import numpy as np

from chainrule.namespace import Array
from chainrule.randomness import Rng

LARGEST = 2.0
MOST_DIGITS = 15


def friendly(rng: Rng, shape: tuple[int, ...], largest: float = LARGEST) -> Array:
    """Return float64 numbers of either sign with few decimals, none of them 0.

    Up to 40 numbers are all different, so that a maximum is never a tie.

    >>> friendly(Rng(0), (2, 2)).shape, bool((np.abs(friendly(Rng(0), (9, 9))) >= 0.1).all())
    ((2, 2), True)
    """
    count = prod(shape)
    steps = round(largest * 10)
    grid = np.concatenate([np.arange(1, steps + 1), -np.arange(1, steps + 1)]) / 10
    if count <= grid.size:
        order = np.argsort(rng.at("order").bits((grid.size,)), kind="stable")
        return np.asarray(grid[order[:count]].reshape(shape))
    u = rng.at("size").uniform(shape).astype(float)
    sign = np.where(rng.at("sign").uniform(shape) < 0.5, -1.0, 1.0)
    return np.asarray(np.round(sign * (0.1 + (largest - 0.1) * u), 3))


def probabilities(rng: Rng, shape: tuple[int, ...]) -> Array:
    """Return rows in (0, 1) that sum to 1; a single column is in (0.1, 0.9).

    >>> probabilities(Rng(0), (2, 3)).sum(axis=1).round(12)
    array([1., 1.])
    """
    raw = 0.1 + 0.8 * rng.uniform(shape).astype(float)
    if shape[-1] == 1:
        return np.asarray(np.round(raw, 2))
    shares = np.round(raw / raw.sum(axis=-1, keepdims=True), 2)
    shares[..., -1] = 1 - shares[..., :-1].sum(axis=-1)
    return np.asarray(np.round(shares, 2))


def labels(rng: Rng, m: int, k: int) -> Array:
    """Return m labels below k, each class about as often."""
    order = np.argsort(rng.bits((m,)), kind="stable")
    return np.asarray(order % k)


def flags(rng: Rng, m: int) -> Array:
    """Return a column (m, 1) of 0 and 1, both of them there."""
    return labels(rng, m, 2)[:, None].astype(float)


def target_rows(rng: Rng, m: int, k: int) -> Array:
    """Return targets in rows: flags for one output, one-hot rows for several."""
    if k == 1:
        return flags(rng, m)
    return np.asarray(labels(rng, m, k)[:, None] == np.arange(k), float)


def another_batch(given: Array, seed: int, m: int, notation: str = "rows") -> Array:
    """Return what was given for seed 0; for others its samples in another order, at most m.

    >>> another_batch(np.array([[1], [2], [3]]), 1, 2).ravel()
    array([3, 2])
    """
    if seed == 0 or given.ndim == 0:
        return given
    columns = notation != "rows" and given.ndim > 1
    return given[..., ::-1][..., :m] if columns else given[::-1][:m]


def agreeing_digits(expected: Array, received: Array, most: int = MOST_DIGITS) -> int:
    """Return to how many digits two arrays agree, measured against the largest entry.

    >>> agreeing_digits(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-8]))
    8
    """
    scale = float(np.abs(expected).max(initial=0.0)) or 1.0
    off = float(np.abs(received - expected).max(initial=0.0)) / scale
    if not isfinite(off):
        return 0
    return most if off == 0 else max(0, min(most, floor(-log10(off))))


def short(value: float, digits: int = 6) -> str:
    """Return a number with as many digits as redoing a line by hand needs, and a true minus.

    >>> short(-1.5), short(1 / 3), short(4.0), short(1e-9)
    ('−1.5', '0.333333', '4', '1e−09')
    """
    if not isfinite(value):
        return {float("inf"): "∞", float("-inf"): "−∞"}.get(value, "NaN")
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def subscripted(*indices: int) -> str:
    """Return board indices below the line: ₁₂, and ₁₀,₂ where one has two digits.

    >>> subscripted(1, 2), subscripted(10, 2)
    ('₁₂', '₁₀,₂')
    """
    below = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    between = "," if any(i > 9 for i in indices) else ""
    return between.join(str(i).translate(below) for i in indices)
