"""Numbers as they are printed: as few digits as the value needs, enough to redo a line by hand."""

from __future__ import annotations

from math import floor, isfinite, log10

import numpy as np

from chainrule.namespace import Array

DECIMALS = 4
LARGEST = 6  # rows or columns of a matrix that is written out


def decimals(values: Array) -> int:
    """Return how many decimals these numbers are printed with.

    Numbers that are exact with fewer than four keep to those (given weights do); small ones get
    more, so that the largest shows three digits.

    >>> decimals(np.array([0.5, -1.25])), decimals(np.array([1 / 3])), decimals(np.array([1e-4 / 3]))
    (2, 4, 7)
    """
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    for places in range(DECIMALS):
        if np.allclose(finite, np.round(finite, places), rtol=0, atol=1e-12 * max(largest, 1e-3)):
            return places
    if largest == 0 or largest >= 10:
        return max(1, DECIMALS - floor(log10(max(largest, 1)))) if largest else 0
    return min(max(2 - floor(log10(largest)), DECIMALS), 12)


def number(value: float, places: int) -> str:
    """Return one number with a true minus; 0 never has one.

    >>> number(-0.5, 4), number(-0.0, 1)
    ('−0.5000', '0.0')
    """
    if not isfinite(value):
        return {float("inf"): "∞", float("-inf"): "−∞"}.get(value, "NaN")
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def scalar(value: float) -> str:
    """Return a number on its own, with the decimals that it needs.

    >>> scalar(0.25), scalar(1 / 3)
    ('0.25', '0.3333')
    """
    return number(value, decimals(np.array([value])))


def rounded(values: Array) -> Array:
    """Return the values as they are printed, so that a line can be redone from its digits."""
    return np.round(np.asarray(values, float), decimals(np.atleast_1d(np.asarray(values, float))))


def is_written_out(values: Array) -> bool:
    """Say whether every entry is printed; larger arrays are elided."""
    return values.ndim <= 2 and all(n <= LARGEST for n in values.shape)


def cells(values: Array) -> list[list[str]]:
    """Return the entries of a vector or matrix as text, row by row; whole numbers stay short."""
    matrix = np.atleast_2d(values)
    places = decimals(matrix)
    if places < DECIMALS:  # given numbers: each as short as it is, 0.5 and −1
        return [[number(float(v), decimals(np.array([v]))) for v in row] for row in matrix]
    return [[number(float(v), places) for v in row] for row in matrix]


def elided(values: Array) -> str:
    """Return a large array as its size, range and norm.

    >>> elided(np.arange(10.0))
    '10: 0 … 9, norm 16.882'
    """
    size = "×".join(map(str, values.shape))
    if values.size == 0:
        return f"{size}: empty"
    low, high, norm = (scalar(float(v)) for v in (values.min(), values.max(), _norm(values)))
    return f"{size}: {low} … {high}, norm {norm}"


def _norm(values: Array) -> float:
    return float(np.sqrt((np.asarray(values, float) ** 2).sum()))
