"""Numbers as they are printed: given ones as they are, computed ones to four decimals.

What is printed is enough to redo a line by hand: `rounded` returns it as numbers.
"""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import Any

import numpy as np

from chainrule.namespace import Array

DECIMALS = 4
TALLEST, WIDEST, ENTRIES = 10, 6, 40  # of a matrix that is written out
FLAGS = 12  # as many 0s and 1s fit side by side


def decimals(values: Array, given: bool = False) -> int:
    """Return how many decimals these numbers are printed with.

    Given numbers that are exact with fewer than four keep to those; small ones get more, so that
    the largest shows three digits.

    >>> decimals(np.array([0.5, -1.25]), given=True), decimals(np.array([0.5, -1.25]))
    (2, 4)
    >>> decimals(np.array([1e-4 / 3]))
    7
    """
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    if given:
        for places in range(DECIMALS):
            error = np.abs(finite - np.round(finite, places))
            if (error <= 1e-6 * max(largest, 1e-3)).all():  # float32 weights are exact to 1e-7
                return places
    if largest == 0:
        return 0
    if largest >= 10:
        return max(1, DECIMALS - floor(log10(largest)))
    return min(max(2 - floor(log10(largest)), DECIMALS), 15)


def number(value: float, places: int) -> str:
    """Return one number with a true minus; 0 never has one.

    >>> number(-0.5, 4), number(-0.0, 1)
    ('−0.5000', '0')
    """
    if not isfinite(value):
        return {float("inf"): "∞", float("-inf"): "−∞"}.get(value, "NaN")
    if value == 0:
        return "0"
    text = f"{value:.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def scalar(value: float, given: bool = False) -> str:
    """Return a number on its own.

    >>> scalar(0.25), scalar(0.25, given=True), scalar(-1 / 3)
    ('0.2500', '0.25', '−0.3333')
    """
    return number(value, decimals(np.array([value]), given))


def text(form: Any, value: float, given: bool = False) -> str:
    """Return a number that is not negative in a form; very small ones as a power of ten."""
    if 0 < value < 1e-3 and isfinite(value):
        return str(form.number(float(f"{value:.3e}")))
    return str(form.printed(scalar(value, given)))


def rounded(values: Any, given: bool = False) -> Array:
    """Return the values as they are printed, so that a line can be redone from its digits.

    >>> rounded(np.array([1 / 3, 2.0])).tolist(), float(rounded(1.23456e-8))
    ([0.3333, 2.0], 1.235e-08)
    """
    array = np.asarray(values, float)
    if array.size == 1:
        value = array.item()
        if 0 < abs(value) < 1e-3:
            return np.full(array.shape, float(f"{value:.3e}"))
    return np.round(array, decimals(np.atleast_1d(array), given))


def is_written_out(values: Array) -> bool:
    """Say whether every entry is printed; larger arrays are elided."""
    if values.ndim > 2:
        return False
    tall, wide = (1, 1, *values.shape)[-2:]
    if tall > TALLEST or values.size > ENTRIES:
        return False
    return wide <= WIDEST or (tall <= 2 and wide <= FLAGS and bool(np.isin(values, (0, 1)).all()))


def cells(values: Array, given: bool = False) -> list[list[str]]:
    """Return the entries of a vector or matrix as text, row by row; given ones as they are."""
    matrix = np.atleast_2d(values)
    places = decimals(matrix, given)
    if given and places < DECIMALS:  # each as short as it is, 0.5 and −1
        return [[number(float(v), decimals(np.array([v]), True)) for v in row] for row in matrix]
    return [[number(float(v), places) for v in row] for row in matrix]


def size(values: Array) -> str:
    """Return the size of an array.

    >>> size(np.zeros((2, 3)))
    '2×3'
    """
    return "×".join(map(str, values.shape))


def elided(values: Array) -> str:
    """Return a large array as its size, range and norm.

    >>> elided(np.arange(20.0))
    '20: 0 … 19.000, norm 49.699'
    """
    if values.size == 0:
        return f"{size(values)}: empty"
    low, high = float(values.min()), float(values.max())
    norm = scalar(float(np.sqrt((np.asarray(values, float) ** 2).sum())))
    if low == high:
        return f"{size(values)}: all {scalar(low, True)}"
    return f"{size(values)}: {scalar(low)} … {scalar(high)}, norm {norm}"
