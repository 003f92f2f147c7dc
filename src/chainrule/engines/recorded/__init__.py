"""A function on NumPy arrays as its calls alone, without the Python around them.

A step of a small network spends half of its time in Python: it walks the layers, asks for shapes,
and looks names up. None of that changes from step to step. So a step is run once on values that
note what is done with them (`tape.py`), and the notes become the source of a function
(`source.py`): the same calls in the same order, so the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.engines.recorded.source import Writer
from chainrule.engines.recorded.tape import Recorded, RecordingError, Tape

__all__ = ["Recorded", "RecordingError", "recorded"]


def recorded(
    function: Callable[..., Sequence[Any]], *inputs: Any, consumes: Sequence[int] = ()
) -> Callable[..., tuple[Any, ...]]:
    """Return the calls of a function of arrays and numbers that gives some of them.

    Inputs at the places `consumes` may be written over, as nobody needs them any more.
    Raises RecordingError where these are not the same each time (it looks at a number), and where
    it writes into an array.

    >>> import numpy as np
    >>> def lengths(X):
    ...     return [np.sqrt((X * X).sum(axis=1))]
    >>> quick = recorded(lengths, np.ones((1, 2)))
    >>> quick(np.array([[3.0, 4.0]]))
    (array([5.]),)
    """
    tape = Tape()
    given = [tape.input(value) for value in inputs]
    writer = Writer(tape, given, function(*given), consumes)
    scope: dict[str, Any] = {}
    text = writer.source()
    exec(compile(text, "<recorded>", "exec"), writer.constants, scope)
    replay: Callable[..., tuple[Any, ...]] = scope["replay"]
    replay.__doc__ = text
    return replay
