"""The doctor at work: a callback that watches a training, and the note after `fit`."""

from __future__ import annotations

import sys
from copy import copy

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.examine import report
from chainrule.doctor.report import Report
from chainrule.errors import ConfigurationError
from chainrule.step import Data
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.loop import DivergenceError

STORED_ROWS = 4096  # of data that are not in memory, looked at by the doctor
AT_MOST = 3  # findings in the note after a training


class Doctor(Callback):
    """Look at the training after every epoch (or every `every`), and say once what is wrong.

    A problem is printed to stderr when it first shows (not with `quiet`), and with `stop` it ends
    the training. Afterwards `report` is what was found at the end, and `first_seen` the epoch of
    each problem by its title.

    >>> import chainrule as cr
    >>> x, y = cr.data.make_moons(100)
    >>> doctor = cr.Doctor(quiet=True)
    >>> model = cr.Model(cr.Sequential(cr.Dense(4), cr.Dense(2)), cr.SoftmaxCrossEntropy())
    >>> history = model.fit(x, y, epochs=2, callbacks=[doctor], verbose=0)
    >>> doctor.first_seen
    {'two Dense layers with nothing between, Dense(4) at "0" and Dense(2) at "1"': 1}
    """

    def __init__(self, every: int = 1, *, stop: bool = False, quiet: bool = False) -> None:
        if every < 1:
            raise ConfigurationError(f"Doctor: every must be at least 1, got {every}")
        self.every, self.stop, self.quiet = every, stop, quiet
        self.report: Report | None = None
        self.first_seen: dict[str, int] = {}

    def on_start(self, training: Training) -> None:
        self.report, self.first_seen = None, {}

    def on_epoch(self, training: Training) -> None:
        if (training.epoch - training.first) % self.every:
            return
        self._look(training)
        assert self.report is not None
        if self.stop and self.report.problems:
            training.stop(f"the doctor found a problem: {self.report.problems[0].title}")

    def on_end(self, training: Training) -> None:
        error = sys.exception()  # the one that ends the training, if any does
        if training.epoch > training.first or isinstance(error, DivergenceError):
            self._look(training, str(error) if isinstance(error, DivergenceError) else None)

    def _look(self, training: Training, stopped: str | None = None) -> None:
        self.report = look(training, stopped)
        for finding in self.report.problems:
            if finding.title not in self.first_seen:
                self.first_seen[finding.title] = training.epoch
                if not self.quiet:
                    say(f"doctor, epoch {training.epoch}: {finding}")


def look(training: Training, stopped: str | None = None) -> Report:
    """Return the report on a training as it stands; `stopped` says how it broke."""
    model = copy(training.model)
    state = training.state
    data, held = in_memory(training.data), in_memory(training.validation)
    return report(Evidence(model, state, data, held, stopped=stopped))


def in_memory(data: Data | None) -> Data | None:
    """Return the data, or of stored data some thousand samples, spread evenly."""
    if data is None or not data.stored:
        return data
    n = len(data.X)
    return data.at(np.linspace(0, n - 1, min(n, STORED_ROWS)).astype(int))


def note(training: Training) -> None:
    """Say in a line or a few what is wrong after a training; nothing where nothing is.

    A training that has done its work must not end in an error of the doctor's own.
    """
    if any(isinstance(callback, Doctor) for callback in training.callbacks):
        return  # it has said so already
    try:
        found = look(training).problems
    except Exception as error:
        say(f"doctor: could not look at this training ({type(error).__name__}: {error})")
        return
    for finding in found[:AT_MOST]:
        say(f"doctor: {finding}")
    rest = found[AT_MOST:]
    if rest:
        say(f"doctor: and {', '.join(f.title for f in rest)}; cr.examine(model, x, y) says more")


def say(line: str) -> None:
    """Print a remark to stderr."""
    print(line, file=sys.stderr, flush=True)
