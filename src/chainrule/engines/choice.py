"""Which engine runs, and why."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.engines.base import Engine
from chainrule.engines.numpy_engine import NumpyEngine
from chainrule.errors import unknown_name


class Choice(NamedTuple):
    """The engine, and the reason in one line."""

    engine: Engine
    reason: str


def choose(name: str) -> Choice:
    """Return the engine called `name`, or for "auto" the one that suits.

    Raises ConfigurationError for a name that is not known.

    >>> choose("auto").engine.name
    'numpy'
    """
    if name == "auto":
        return Choice(NumpyEngine(), "numpy: the only engine installed")
    if name == "numpy":
        return Choice(NumpyEngine(), "numpy: asked for")
    raise unknown_name("engine", name, ("auto", "numpy"))
