"""Ctrl-C and SIGTERM: the first asks a training to end after its step, the second ends it now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


class Asked:
    """Whether a signal has come; `number` is the first one's."""

    number: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Take note of the first signal; raise KeyboardInterrupt at the second."""
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number


@contextmanager
def listening() -> Iterator[Asked]:
    """Defer SIGINT and SIGTERM, so that a step, a callback or a file is never left half done.

    Only in the main thread, the one that gets signals, and only where nobody else has taken
    charge of them.
    """
    asked = Asked()
    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    taken = {}
    if threading.current_thread() is threading.main_thread():
        taken = {n: d for n, d in defaults.items() if signal.getsignal(n) is d}
    for number in taken:
        signal.signal(number, asked.handle)
    try:
        yield asked
    finally:
        for number, default in taken.items():
            signal.signal(number, default)
