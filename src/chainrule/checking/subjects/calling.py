"""Call a student's function with the arguments that its parameters' names ask for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.checking.source import Source, read, returned_names
from chainrule.checking.subjects.naming import COSTS, INPUTS, RATES, TARGETS, base
from chainrule.errors import ConfigurationError

RATE = 0.1  # handed to a backward that wants a learning rate

UPSTREAM = frozenset(
    {
        "dy",
        "da",
        "dz",
        "dout",
        "dl",
        "g",
        "delta",
        "upstream",
        "error",
        "dvalues",
        "d",
        "output_error",
    }
)


@dataclass(frozen=True)
class Signature:
    """The parameters of a function: those that must be given, and the defaults of the others."""

    required: tuple[str, ...]
    defaults: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter."""
        return (*self.required, *self.defaults)


def signature_of(function: Callable[..., Any]) -> Signature:
    """Return a function's parameters, without `self`; empty where they cannot be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return Signature((), {})
    wanted = [
        p
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    required = tuple(p.name for p in wanted if p.default is p.empty)
    return Signature(required, {p.name: p.default for p in wanted if p.default is not p.empty})


def is_input(name: str) -> bool:
    """Say whether a parameter's name means the data."""
    return base(name) == "x" or name.lower() in INPUTS


def is_target(name: str) -> bool:
    """Say whether a parameter's name means the targets."""
    return name.lower() in TARGETS


def is_rate(name: str) -> bool:
    """Say whether a parameter's name means a learning rate."""
    return name.lower().lstrip("_") in RATES


def is_upstream(name: str) -> bool:
    """Say whether a parameter's name means the gradient that comes in."""
    low = name.lower()
    return low in UPSTREAM or (low.startswith(("d_", "dl", "grad", "up", "d")) and low != "data")


def call(function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """Call with every required parameter found in `known`, by name or by plain name.

    Raises ConfigurationError for a parameter that nothing is known for.
    """
    signature = signature_of(function)
    plain = {base(name): value for name, value in known.items()}
    positional = []
    for name in signature.required:
        if name in known:
            positional.append(known[name])
        elif base(name) in plain:
            positional.append(plain[base(name)])
        elif is_rate(name):
            positional.append(RATE)
        else:
            raise ConfigurationError(
                f"{getattr(function, '__name__', function)}: no value is known for its parameter "
                f'"{name}": known are {", ".join(known)}'
            )
    return function(*positional)


def parts_of(returned: Any, function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Return what a function gave as (name, value), the names read from its `return`.

    A dictionary is taken apart; a value without a name has "".

    >>> def f(): dW = np.ones(2); return dW, {"db": 1.0}
    >>> [name for name, _ in parts_of(f(), f)]
    ['dW', 'db']
    """
    source: Source | None = read(function)
    names = returned_names(source)
    values = list(returned) if isinstance(returned, tuple | list) else [returned]
    if len(names) != len(values):
        names = [[""]] * len(values)
    found: list[tuple[str, Any]] = []
    for labels, value in zip(names, values, strict=True):
        if isinstance(value, dict):
            found += [(str(key), entry) for key, entry in _flat(value)]
        elif value is not None:
            found.append((labels[0] if len(labels) == 1 else "", value))
    return found


def _flat(tree: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        found += _flat(value) if isinstance(value, dict) else [(str(key), value)]
    return found


def is_number(value: Any) -> bool:
    """Say whether a value is one number."""
    return (np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiuc") or (
        isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fc"
    )


def is_cost(name: str) -> bool:
    """Say whether a name means the cost."""
    return name.lower() in COSTS
