"""Callbacks: what happens beside the training. Five hooks, all optional."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.training.history import History

if TYPE_CHECKING:
    from chainrule.model import Model


@dataclass
class Training:
    """What a callback sees. `position` counts samples within the epoch, `step` updates in all."""

    model: Model
    epochs: int
    samples: int
    batch_size: int
    history: History
    epoch: int = 0
    position: int = 0
    step: int = 0
    values: dict[str, float] = field(default_factory=dict)

    def stop(self, reason: str) -> None:
        """End the training after this hook; the reason goes into the history."""
        self.history.stopped = reason


class Callback:
    """Base of callbacks; override what you need.

    `on_step` comes after every single update, so a callback that has it makes the engine run
    minibatches one by one; `on_chunk` comes about ten times a second, after several.

    >>> class Loud(Callback):
    ...     def on_epoch(self, training):
    ...         print(training.epoch, sorted(training.values))
    """

    def on_start(self, training: Training) -> None:
        """Before the first epoch."""

    def on_step(self, training: Training) -> None:
        """After every update."""

    def on_chunk(self, training: Training) -> None:
        """After a chunk of updates: the place for anything that is shown live."""

    def on_epoch(self, training: Training) -> None:
        """After an epoch and its validation; `training.values` are the epoch's."""

    def on_end(self, training: Training) -> None:
        """After the last epoch, also when training was interrupted or stopped by an error."""


def wants_steps(callbacks: Any) -> bool:
    """Say whether any callback has a hook after every update."""
    return any(type(callback).on_step is not Callback.on_step for callback in callbacks)
