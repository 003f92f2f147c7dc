"""Watching one curve: when was it best, and how long ago is that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.training.callbacks.base import Training

Mode = Literal["auto", "min", "max"]


@dataclass
class Monitor:
    """The best value so far of the curve called `name`, and the epochs that have passed since.

    A value is better when it beats the best by more than `min_delta`. With mode "auto" a name that
    holds "loss" or "error" is to fall, any other to rise. NaN is never better.

    >>> monitor = Monitor("validation_accuracy")
    >>> [monitor.improves(value) for value in (0.5, 0.7, 0.6)], monitor.waited
    ([True, True, False], 1)
    """

    name: str
    min_delta: float = 0.0
    mode: Mode = "auto"
    best: float | None = None
    waited: int = 0

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "min", "max"):
            raise ConfigurationError(f'mode must be "auto", "min" or "max", got {self.mode!r}')
        if self.min_delta < 0:
            raise ConfigurationError(f"min_delta must be 0 or more, got {self.min_delta}")

    @property
    def rising(self) -> bool:
        """Whether more is better."""
        if self.mode != "auto":
            return self.mode == "max"
        return not ("loss" in self.name or "error" in self.name)

    def observe(self, training: Training) -> bool:
        """Say whether this epoch's value is the best; raise ConfigurationError if there is none."""
        if self.name not in training.values:
            error = unknown_name("curve to monitor", self.name, training.values)
            if self.name.startswith("validation_"):
                hint = "give fit validation_data or validation_split"
                error = ConfigurationError(f"{error}; for validation curves {hint}")
            raise error
        return self.improves(training.values[self.name])

    def improves(self, value: float) -> bool:
        """Take note of a value; say whether it is the best so far."""
        if self.best is None:
            better = value == value  # all but NaN
        elif self.rising:
            better = value > self.best + self.min_delta
        else:
            better = value < self.best - self.min_delta
        self.best, self.waited = (value, 0) if better else (self.best, self.waited + 1)
        return better

    def restart(self) -> None:
        """Forget what was seen."""
        self.best, self.waited = None, 0

    def to_save(self) -> dict[str, Any]:
        """Return what a checkpoint needs."""
        return {"best": self.best, "waited": self.waited}

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from what `to_save` returned."""
        self.best, self.waited = saved["best"], saved["waited"]
