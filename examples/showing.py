"""What the examples share: comparing two results, and letting NumPy say which shapes refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def gap(text: Any, library: Any) -> float:
    """Return the largest absolute difference of two arrays, which must have one shape."""
    text, library = np.asarray(text), np.asarray(library)
    if text.shape != library.shape:
        raise ValueError(f"shapes differ: {text.shape} and {library.shape}")
    return float(np.abs(text - library).max())


def compare(name: str, text: Any, library: Any) -> float:
    """Print one line that says how far the text's number is from the library's."""
    difference = gap(text, library)
    print(f"  {name:<28} {np.shape(text)!s:<10} largest difference {difference:.0e}")
    return difference


def refusal(attempt: Callable[[], Any]) -> str:
    """Return what NumPy says against `attempt`; raise AssertionError if it says nothing."""
    try:
        result = attempt()
    except ValueError as error:
        return str(error)
    raise AssertionError(f"NumPy did not refuse: it returned shape {np.shape(result)}")


def show_refusal(formula: str, attempt: Callable[[], Any]) -> None:
    """Print a formula with NumPy's complaint about its shapes."""
    print(f"  {formula}\n    refused: {refusal(attempt)}")
