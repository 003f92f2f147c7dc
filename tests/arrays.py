"""Arrays for tests: drawn from a generator of their own, and locked against writing."""

from __future__ import annotations

from typing import Any

import numpy as np


def locked(value: Any) -> Any:
    """Return a copy of an array, or of a tree of arrays, that refuses to be written to."""
    if isinstance(value, dict):
        return {name: locked(entry) for name, entry in value.items()}
    copy = np.array(value)
    copy.flags.writeable = False
    return copy


def away_from_zero(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Any:
    """Return numbers of either sign with 0.1 <= |x| < 2, so that no step crosses a kink at 0."""
    generator = np.random.default_rng(seed)
    sizes = generator.uniform(0.1, 2.0, shape)
    return (sizes * generator.choice([-1.0, 1.0], shape)).astype(dtype)


def as_type(tree: Any, dtype: str) -> Any:
    """Return a tree of arrays in another dtype."""
    if isinstance(tree, dict):
        return {name: as_type(entry, dtype) for name, entry in tree.items()}
    return tree.astype(dtype)
