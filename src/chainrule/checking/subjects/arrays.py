"""The arrays that an object holds: attributes, and what its dictionaries, lists and parts hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.namespace import Array

MOST = 10_000  # entries of an array that can be a parameter to check
DEEPEST = 4


@dataclass(frozen=True)
class Attribute:
    """Where an array is: `self.W`, `self.params["W"]`, `self.layers[0].W`.

    `path` are the steps: a text after "." is an attribute, anything else a key or a position.
    """

    name: str
    path: tuple[tuple[bool, Any], ...]  # (is an attribute, its name) or (False, a key)

    def get(self, thing: Any) -> Array:
        """Return the array."""
        for is_attribute, step in self.path:
            thing = getattr(thing, step) if is_attribute else thing[step]
        return np.asarray(thing)

    def set(self, thing: Any, value: Array) -> None:
        """Put another array there; where a plain number was, a number."""
        for is_attribute, step in self.path[:-1]:
            thing = getattr(thing, step) if is_attribute else thing[step]
        is_attribute, step = self.path[-1]
        new = value if np.ndim(value) else value[()]
        if is_attribute:
            setattr(thing, step, new)
        else:
            thing[step] = new


def short_of(name: str) -> str:
    """Return an array's name without what holds it.

    >>> short_of("params.W"), short_of("layers[0].b")
    ('W', 'b')
    """
    return name.rpartition(".")[2]


def arrays_of(thing: Any, scalars: bool = False) -> dict[str, Attribute]:
    """Return every float array on an object, by name; `scalars` takes single numbers as well.

    >>> class Layer:
    ...     def __init__(self): self.W, self.params = np.ones((2, 2)), {"b": np.zeros(2)}
    >>> list(arrays_of(Layer()))
    ['W', 'params.b']
    """
    found: dict[str, Attribute] = {}
    _collect(thing, "", (), scalars, found, set())
    return found


def _collect(
    thing: Any,
    prefix: str,
    path: tuple[tuple[bool, Any], ...],
    scalars: bool,
    found: dict[str, Attribute],
    seen: set[int],
) -> None:
    if len(path) > 2 * DEEPEST or id(thing) in seen:
        return
    seen.add(id(thing))
    for name, value in vars(thing).items():
        if name.startswith("_chainrule"):
            continue
        _entry(value, prefix + name, (*path, (True, name)), scalars, found, seen)


def _entry(
    value: Any,
    name: str,
    path: tuple[tuple[bool, Any], ...],
    scalars: bool,
    found: dict[str, Attribute],
    seen: set[int],
) -> None:
    if _is_array(value, scalars):
        found[name] = Attribute(name, path)
    elif isinstance(value, dict):
        for key, entry in value.items():
            _entry(entry, f"{name}.{key}", (*path, (False, key)), scalars, found, seen)
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            is_array = _is_array(entry, scalars) and isinstance(value, list)
            label = f"{_singular(name)}{number + 1}" if is_array else f"{name}[{number}]"
            _entry(entry, label, (*path, (False, number)), scalars, found, seen)
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        _collect(value, f"{name}.", path, scalars, found, seen)


def _singular(name: str) -> str:
    return {"weights": "W", "biases": "b", "Ws": "W", "bs": "b"}.get(name, name)


def _is_array(value: Any, scalars: bool) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and 0 < value.size <= MOST
    return scalars and isinstance(value, float | np.floating)
