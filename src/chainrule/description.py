"""Descriptions: frozen dataclasses without arrays, which print and store themselves.

Layers, losses, optimizers and initializers are descriptions. Their `repr` is a valid
constructor call that leaves defaults out, and `to_config` / `from_config` carry them through
a model file as plain JSON; nothing in such a file is ever executed.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, ClassVar

from chainrule.errors import ConfigurationError, unknown_name


class Description:
    """Base of everything that describes and holds no arrays.

    >>> from chainrule.layers import Dense
    >>> Dense(3)
    Dense(3)
    >>> from_config(to_config(Dense(3))) == Dense(3)
    True
    """

    known: ClassVar[dict[str, type[Description]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Description.known[type_name(cls)] = cls

    # Written once here, since a dataclass that generates its own costs a fifth of the import time.
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))  # type: ignore[arg-type]

    def __repr__(self) -> str:
        parts, by_name = [], False
        # A keyword that a base class brought along comes first in fields(), but last in a call.
        for f in sorted(fields(self), key=lambda f: bool(f.kw_only)):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            default = f.default_factory() if f.default_factory is not MISSING else f.default
            if value == default:
                by_name = True  # once one is left out, the rest need their names
            else:
                parts.append(f"{f.name}={value!r}" if by_name or f.kw_only else repr(value))
        return f"{type(self).__name__}({', '.join(parts)})"


def type_name(cls: type) -> str:
    """Return a class's name in a model file: bare for chainrule's, `module:Name` for others.

    A class of the script that runs has the script's name, so that others can import it.
    """
    module = cls.__module__
    if module.split(".")[0] == "chainrule":
        return cls.__qualname__
    file = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__" and file:
        module = Path(file).stem
    return f"{module}:{cls.__qualname__}"


def to_config(value: Any) -> Any:
    """Return a description as plain JSON values.

    >>> from chainrule.layers import LeakyReLU
    >>> to_config(LeakyReLU(0.2))
    {'type': 'LeakyReLU', 'slope': 0.2}
    """
    if isinstance(value, Description):
        names = [f.name for f in fields(value)]  # type: ignore[arg-type]
        entries = {name: to_config(getattr(value, name)) for name in names}
        return {"type": type_name(type(value)), **entries}
    if isinstance(value, tuple | list):
        return [to_config(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    hint = "write a class of your own instead" if callable(value) else "use numbers or text"
    raise ConfigurationError(f"{value!r} cannot be stored in a model file: {hint}")


def from_config(config: Any, base: type[Description] = Description) -> Any:
    """Return the description that `to_config` wrote; `base` is what is expected here.

    Raises ConfigurationError for an unknown type, or for a field that does not exist.
    """
    if isinstance(config, list):
        return tuple(from_config(item) for item in config)
    if not isinstance(config, dict):
        return config
    entries = dict(config)
    name = entries.pop("type", None)
    candidates = {n: c for n, c in Description.known.items() if issubclass(c, base)}
    if not isinstance(name, str) or name not in candidates:
        module = str(name).partition(":")[0]
        if ":" in str(name):
            raise ConfigurationError(
                f'"{name}" is defined outside chainrule: import {module} first '
                f"(on the command line: --import {module}.py)"
            )
        raise unknown_name(base.__name__.lower(), str(name), candidates)
    cls: Any = candidates[name]
    values = {key: from_config(value) for key, value in entries.items()}
    unexpected = values.keys() - {f.name for f in fields(cls)}
    if unexpected:
        raise ConfigurationError(f"{name} has no field {', '.join(sorted(unexpected))}")
    return cls.from_fields(values) if hasattr(cls, "from_fields") else cls(**values)
