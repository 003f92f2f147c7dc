"""The errors that chainrule raises on purpose.

    ChainruleError            everything below, so that one `except` can catch it
    ├── ShapeError            arrays that do not fit a layer, a loss or each other
    ├── DataError             a file or an array whose content cannot be used
    ├── ModelFileError        a model file that is damaged, foreign or of another architecture
    ├── WriteError            a file that cannot be written: a full disk, a read-only folder
    ├── ConfigurationError    an unknown name, a value out of range, options that contradict
    ├── EngineError           a device that is not there, or too small
    │   └── UntraceableError  code that cannot be compiled
    └── MissingExtraError     an optional package that is not installed

Every message says what was expected, what came and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ChainruleError(Exception):
    """Base of every error that chainrule raises on purpose."""


class ShapeError(ChainruleError, ValueError):
    """Arrays do not fit: the message names the layer, the expected and the received shape.

    >>> print(ShapeError("expected (batch, features), got (batch, 28, 28)", "Dense(3)").at("0"))
    Dense(3) at "0" expected (batch, features), got (batch, 28, 28)
    """

    def __init__(self, problem: str, layer: object = None, path: str = "") -> None:
        self.problem, self.layer, self.path = problem, layer, path
        place = f' at "{path}"' if path else ""
        super().__init__(problem if layer is None else f"{layer!s}{place} {problem}")

    def at(self, name: str) -> ShapeError:
        """Return the same error, one combinator further out."""
        return ShapeError(self.problem, self.layer, f"{name}.{self.path}".rstrip("."))


class DataError(ChainruleError, ValueError):
    """A file or an array cannot be used: the message names it, and the first bad place."""


class ModelFileError(ChainruleError, ValueError):
    """A model file is damaged, foreign, or belongs to another architecture."""


class WriteError(ChainruleError, OSError):
    """A file cannot be written: a full disk, a read-only folder; what was there is untouched."""


class ConfigurationError(ChainruleError, ValueError):
    """An unknown name, a value out of range, or options that contradict each other."""


class EngineError(ChainruleError, RuntimeError):
    """An engine cannot do what is asked: no such device, no memory."""


class UntraceableError(EngineError):
    """A layer, loss or optimizer that cannot be compiled: it uses np. or branches on values."""


class MissingExtraError(ChainruleError, ImportError):
    """An optional package is needed and missing: the message gives the install command."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> ConfigurationError:
    """Return the error for a name that is not known, with the nearest known one.

    >>> print(unknown_name("layer", "Dens", ["Dense", "ReLU"]))
    unknown layer "Dens": did you mean "Dense"? known: Dense, ReLU
    """
    names = sorted(known)
    by_lower = {n.lower(): n for n in names}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    hint = f' did you mean "{by_lower[near[0]]}"?' if near else ""
    return ConfigurationError(f'unknown {kind} "{name}":{hint} known: {", ".join(names)}')
