"""Turns: predictions of several threads that would only get in each other's way, one at a time.

Python runs one thread at a time, and a thread that lets go of it, as each call into BLAS or XLA
does, has to wait until another lets go in turn. So eight threads with small predictions take twice
as long as one with all of them (docs/reliability.md has the figures); and where BLAS has threads of
its own, those of several products wait for each other by spinning.

A lock that wakes the next at once costs as much: each call would move to another processor. So the
first in line looks again every two milliseconds, those behind it wait, and who has had the turn may
take it again meanwhile.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from threading import Lock, RLock
from time import sleep
from typing import Any

PAUSE = 0.002  # seconds
LITTLE = 16_384  # numbers: a prediction from fewer is mostly Python's work


class Turn:
    """A context that one thread at a time is in, as often as it likes.

    >>> with Turn() as turn, turn:
    ...     pass
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget who is in it: in a forked process, where those threads are not."""
        self.own, self.line = RLock(), Lock()

    def __enter__(self) -> Turn:
        if not self.own.acquire(blocking=False):
            with self.line:
                while not self.own.acquire(blocking=False):
                    sleep(PAUSE)
        return self

    def __exit__(self, *problem: object) -> None:
        self.own.release()


TURN = Turn()
FREE = nullcontext()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=TURN.reset)


def turn(needed: bool) -> AbstractContextManager[Any]:
    """Return the context for a prediction that needs its turn, or does not."""
    return TURN if needed else FREE
