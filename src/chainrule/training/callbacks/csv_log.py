"""The curves as a table that any other program reads."""

from __future__ import annotations

import csv
from pathlib import Path

from chainrule.training.callbacks.base import Callback, Training


class CSVLog(Callback):
    """Write a line per epoch to a CSV file: epoch, seconds, and every curve by its name.

    The file is begun anew by each `fit`; a resumed one gets the earlier epochs as well.

    >>> import chainrule as cr, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError())
    >>> history = model.fit([[1.0]], [2.0], 2, callbacks=[cr.CSVLog(path)], verbose=0)
    >>> path.read_text().splitlines()[0]
    'epoch,seconds,loss'
    """

    leader_only = True

    def __init__(self, path: str | Path) -> None:
        self.path, self.begun = Path(path), False

    def on_start(self, training: Training) -> None:
        self.begun = False

    def on_epoch(self, training: Training) -> None:
        history, names = training.history, list(training.values)
        count = 1 if self.begun else training.epoch - training.first
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a" if self.begun else "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if not self.begun:
                writer.writerow(["epoch", "seconds", *names])
            for back in range(count, 0, -1):
                values = [history[name][-back] for name in names]
                seconds = round(history.seconds[-back], 4)
                writer.writerow([training.epoch - back + 1, seconds, *values])
        self.begun = True
