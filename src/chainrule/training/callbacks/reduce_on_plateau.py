"""A smaller learning rate when nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import ConfigurationError
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.callbacks.monitor import Mode, Monitor


class ReduceOnPlateau(Callback):
    """Multiply the learning rate by `factor` after `patience` epochs without an improvement.

    It works beside any optimizer and any schedule, whose rates are all multiplied; down to
    `smallest` of what they were. The factor is part of the model's state (`model.state.factor`), so
    a later `fit` goes on with it.

    >>> import numpy as np, chainrule as cr
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5))
    >>> slower = cr.ReduceOnPlateau("loss", factor=0.5, patience=2, min_delta=10)
    >>> history = model.fit(x, x[:, 0], 5, callbacks=[slower], verbose=0)
    >>> model.state.factor
    0.25
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        factor: float = 0.5,
        patience: int = 3,
        min_delta: float = 0.0,
        mode: Mode = "auto",
        smallest: float = 1e-4,
    ) -> None:
        if not 0 < factor < 1:
            raise ConfigurationError(
                f"ReduceOnPlateau: factor must be between 0 and 1, got {factor}"
            )
        if patience < 1:
            raise ConfigurationError(
                f"ReduceOnPlateau: patience must be at least 1, got {patience}"
            )
        self.monitor = Monitor(monitor, min_delta, mode)
        self.factor, self.patience, self.smallest = factor, patience, smallest

    def on_start(self, training: Training) -> None:
        self.monitor.restart()

    def on_epoch(self, training: Training) -> None:
        if self.monitor.observe(training) or self.monitor.waited < self.patience:
            return
        self.monitor.waited = 0
        state = training.state
        now = 1.0 if state.factor is None else float(state.factor)
        if now > self.smallest:
            training.state = state._replace(factor=max(now * self.factor, self.smallest))

    def on_save(self, training: Training) -> Mapping[str, Any]:
        return self.monitor.to_save()

    def on_resume(self, training: Training, saved: Mapping[str, Any]) -> None:
        self.monitor.resume(saved)
