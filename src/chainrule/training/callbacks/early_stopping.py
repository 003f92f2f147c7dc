"""Stop when nothing gets better, and go back to when it was best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import ConfigurationError
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.callbacks.monitor import Mode, Monitor
from chainrule.tree import flatten, replace

PARTS = ("params", "running", "optimizer")


class EarlyStopping(Callback):
    """End the training after `patience` epochs without an improvement of `monitor`.

    Any curve of the history can be watched: "validation_loss", "validation_accuracy", a metric. See
    `Monitor` for what is better. With `restore_best` the model leaves `fit` with the weights of
    its best epoch, `best_epoch`, however the training ended; its running statistics and the
    optimizer's averages are of that epoch too. Source: Prechelt, "Early stopping, but when?"
    (1998).

    >>> import numpy as np, chainrule as cr
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5))
    >>> stopping = cr.EarlyStopping("loss", patience=2, min_delta=1e-3)
    >>> model.fit(x, x[:, 0], 100, callbacks=[stopping], verbose=0).stopped
    'loss has not improved for 2 epochs; the weights are those of epoch ...'
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: Mode = "auto",
        restore_best: bool = True,
    ) -> None:
        if patience < 1:
            raise ConfigurationError(f"EarlyStopping: patience must be at least 1, got {patience}")
        self.monitor = Monitor(monitor, min_delta, mode)
        self.patience, self.restore_best = patience, restore_best
        self.best_epoch, self.best = 0, dict[str, Any]()

    def on_start(self, training: Training) -> None:
        self.monitor.restart()
        self.best_epoch, self.best = 0, {}

    def on_epoch(self, training: Training) -> None:
        if self.monitor.observe(training):
            self.best_epoch = training.epoch
            if self.restore_best:
                state = training.state._asdict()
                self.best = flatten({part: dict(state[part]) for part in PARTS})
        elif self.monitor.waited >= self.patience:
            s = "" if self.patience == 1 else "s"
            kept = f"; the weights are those of epoch {self.best_epoch}" if self.best else ""
            training.stop(
                f"{self.monitor.name} has not improved for {self.patience} epoch{s}{kept}"
            )

    def on_end(self, training: Training) -> None:
        if self.best and self.best_epoch != training.epoch:
            state = training.state
            then = {p: replace(dict(getattr(state, p)), self.best, f"{p}.") for p in PARTS}
            training.state = state._replace(**then)

    def on_save(self, training: Training) -> Mapping[str, Any]:
        return self.monitor.to_save() | {"best_epoch": self.best_epoch} | self.best

    def on_resume(self, training: Training, saved: Mapping[str, Any]) -> None:
        self.monitor.resume(saved)
        self.best_epoch = saved["best_epoch"]
        self.best = {n: a for n, a in saved.items() if n.partition(".")[0] in PARTS}
