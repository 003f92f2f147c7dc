"""Ctrl-C, SIGTERM, SIGHUP: the first ends a training after its step, the second ends it now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
ENDING = [signal.SIGTERM]  # those that ask for the process's end, not only the training's
if hasattr(signal, "SIGHUP"):  # the terminal is gone; nohup ignores it, and so do we then
    WORDS[signal.SIGHUP] = "hung up"
    ENDING.append(signal.SIGHUP)


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
    """Defer SIGINT, SIGTERM and SIGHUP, so that no step, callback or file is left half done.

    Only in the main thread, the one that gets signals, and only where nobody else has taken
    charge of them.
    """
    asked = Asked()
    defaults: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
    defaults |= dict.fromkeys(ENDING, signal.SIG_DFL)
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
