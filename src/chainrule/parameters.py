"""Parameters by name: which ones a pattern means, and how a board's matrix fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, ShapeError, unknown_name
from chainrule.inputs import check_finite
from chainrule.namespace import Array


def matching(patterns: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """Return the names that any of the patterns means; a pattern that means none is an error.

    The path of a layer means all of its parameters.

    >>> sorted(matching(["*.W"], ["0.W", "0.b", "2.W"])), sorted(matching(["0"], ["0.W", "2.W"]))
    (['0.W', '2.W'], ['0.W'])
    """
    known, chosen = list(names), set()
    for pattern in patterns:
        found = [
            name
            for name in known
            if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
        ]
        if not found:
            raise unknown_name("parameter", pattern, known)
        chosen.update(found)
    return frozenset(chosen)


def read_only(p: Array) -> Array:
    """Return a view that cannot be written to."""
    view = p.view()
    view.flags.writeable = False
    return view


def taken(name: str, value: Any, current: Mapping[str, Array], notation: str) -> Array:
    """Return `value` as the code keeps the parameter `name`, in its dtype.

    >>> taken("0.W", [[1, 2, 3]], {"0.W": np.zeros((3, 1))}, "columns").shape
    (3, 1)
    """
    if name not in current:
        raise unknown_name("parameter", name, current)
    if notation not in ("rows", "columns", "transposed"):
        raise ConfigurationError(
            f'notation must be "rows", "columns" or "transposed", got {notation!r}'
        )
    shape = current[name].shape
    p = np.array(value)
    if p.dtype.kind not in "fiub":
        raise ShapeError(f"{name} must be numbers, got {p.dtype}")
    received = p.shape
    if len(shape) == 1 and notation != "rows" and p.shape == (*shape, 1):
        p = p[:, 0]
    if len(shape) == 2 and notation == "columns":
        p = p.T
    if p.shape != shape:
        expected = shape[::-1] if notation == "columns" else shape
        hint = ""
        if len(shape) == 2 and notation == "rows" and received == shape[::-1]:
            hint = ': is it (outputs, inputs)? pass notation="columns"'
        raise ShapeError(f"{name} must be {expected} in {notation}, got {received}{hint}")
    check_finite(p, name)
    return np.ascontiguousarray(p, dtype=current[name].dtype)
