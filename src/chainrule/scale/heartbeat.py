"""A sign of life for the supervisor, and the end of a process that nobody waits for any more."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from time import monotonic

from chainrule.training.callbacks import Callback, Training

FILE, SECONDS = "CHAINRULE_HEARTBEAT", "CHAINRULE_STALL_TIMEOUT"


class Heartbeat(Callback):
    """Touch a file about ten times a second, while steps are being made.

    A process that makes no step for `seconds` ends itself: where its host has lost the others,
    nobody else can end it.
    """

    def __init__(self, file: str | Path, seconds: float) -> None:
        self.file, self.seconds = Path(file), seconds
        self.last, self.over = monotonic(), threading.Event()

    def on_start(self, training: Training) -> None:
        self._beat(training)
        threading.Thread(target=self._watch, daemon=True).start()

    def on_chunk(self, training: Training) -> None:
        self._beat(training)

    def on_epoch(self, training: Training) -> None:
        self._beat(training)

    def on_end(self, training: Training) -> None:
        self.over.set()

    def _beat(self, training: Training) -> None:
        self.last = monotonic()
        if training.leader and self.file.parent.is_dir():  # not so on another host
            self.file.touch()

    def _watch(self) -> None:
        while not self.over.wait(min(1.0, self.seconds / 4)):
            if monotonic() - self.last > 1.5 * self.seconds:  # the supervisor comes first
                print("chainrule: no step for too long; this process ends", file=sys.stderr)
                os._exit(1)


def asked_for() -> list[Callback]:
    """Return the heartbeat that a supervisor has asked for, if there is one."""
    file, seconds = os.environ.get(FILE), os.environ.get(SECONDS)
    return [Heartbeat(file, float(seconds))] if file and seconds else []
