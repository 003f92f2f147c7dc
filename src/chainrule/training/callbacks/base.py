"""What a callback is, and what it sees. Seven hooks, all optional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from chainrule.sharding import Alone, Comm
from chainrule.step import Data, State
from chainrule.training.history import History

if TYPE_CHECKING:
    from chainrule.model import Model


@dataclass
class Training:
    """What a callback sees: one call of `fit`, and how far it has come.

    Epochs are counted over the model's life: this training runs from `first` to `last`, and `epoch`
    of them are done. `position` counts samples within the epoch, `step` updates in all. `values`
    are the epoch's so far: loss_sum is Σ loss · samples, `hits` the right answers. `data` and
    `validation` are checked and encoded.
    """

    model: Model
    epochs: int
    samples: int
    batch_size: int
    history: History
    first: int = 0
    epoch: int = 0
    position: int = 0
    step: int = 0
    values: dict[str, float] = field(default_factory=dict)
    loss_sum: float = 0.0
    hits: int | None = None
    seconds: float = 0.0  # that the epoch took before it was interrupted
    facts: dict[str, Any] = field(default_factory=dict)  # that a training to be resumed must share
    callbacks: list[Callback] = field(default_factory=list)
    replaced: bool = False
    comm: Comm = field(default_factory=Alone)  # the processes that train together
    leader: bool = True  # of these, the one that writes
    signal: int | None = None  # that asked for the end: SIGINT, SIGTERM or SIGHUP
    remarks: list[str] = field(default_factory=list)  # for whoever shows the progress
    saved: str = ""  # where the last good state is
    data: Data | None = None
    validation: Data | None = None

    @property
    def last(self) -> int:
        """The epoch after which this training ends."""
        return self.first + self.epochs

    @property
    def state(self) -> State:
        """All that is learnt, as NumPy arrays; may be set in `on_start`, `on_epoch`, `on_end`."""
        return self.model.state

    @state.setter
    def state(self, state: State) -> None:
        self.model.restore(state)
        self.replaced = True

    def stop(self, reason: str) -> None:
        """End the training after this hook; the reason goes into the history."""
        self.history.stopped = reason


class Callback:
    """Base of callbacks; override what you need.

    `on_step` comes after every single update, so a callback that has it makes the engine run
    minibatches one by one; `on_chunk` comes about ten times a second, after several, and also
    whenever the count of updates is a multiple of `pause_every`. What `on_save` returns goes into a
    checkpoint, and comes back to `on_resume` of the callback that takes its place.

    >>> class Loud(Callback):
    ...     def on_epoch(self, training):
    ...         print(training.epoch, sorted(training.values))
    """

    pause_every: int | None = None
    leader_only: ClassVar[bool] = False  # of several processes, the first alone has it
    runs_last: ClassVar[bool] = False  # its hooks come after those of all the others

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

    def on_save(self, training: Training) -> Mapping[str, Any]:
        """Return what a checkpoint needs of this callback: arrays and plain values by name."""
        return {}

    def on_resume(self, training: Training, saved: Mapping[str, Any]) -> None:
        """Go on from what `on_save` returned; comes after `on_start`."""


def wants_steps(callbacks: Iterable[Callback]) -> bool:
    """Say whether any callback has a hook after every update."""
    return any(type(callback).on_step is not Callback.on_step for callback in callbacks)
