"""All that the doctor looks at, computed once and only when a symptom asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from chainrule.doctor.answers import Answers
from chainrule.doctor.trial import Trial
from chainrule.engines.numpy_engine import outputs
from chainrule.explaining.trace import Record, Trace, trace
from chainrule.layers.base import Placed
from chainrule.namespace import Array
from chainrule.randomness import permutation
from chainrule.step import Batch, Data, State
from chainrule.tree import flatten

if TYPE_CHECKING:
    from chainrule.model import Model

Part = Literal["network", "samples", "pass", "curves", "held out", "trial", "break"]
PASS_ROWS, ANSWER_ROWS = 500, 5000
PASS_NUMBERS, ANSWER_NUMBERS = 4e7, 2e8  # of all layers' outputs together: bounds memory and time


class NotFinite(NamedTuple):
    """Entries of the data that are NaN or infinite; those samples are then left out."""

    name: str
    entries: int
    first: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """A model, some of its training samples, samples it was not trained on, and a trial training.

    Nothing here changes the model. Arrays are looked at in inference mode and in float64.
    """

    model: Model
    state: State
    data: Data | None = None
    held_out: Data | None = None
    trial: Trial | None = None
    not_finite: tuple[NotFinite, ...] = ()
    stopped: str | None = None  # where the training broke

    def has(self, part: Part) -> bool:
        """Say whether there is such a part to look at."""
        there = {
            "network": True,
            "samples": self.data is not None,
            "pass": self.trace is not None,
            "curves": self.model.history.epochs > 0,
            "held out": self.held_out is not None,
            "trial": self.trial is not None,
            "break": self.stopped is not None,
        }
        return there[part]

    @cached_property
    def places(self) -> list[Placed]:
        """The layers as the user wrote them, in order, but for the combinators."""
        assert self.model.built is not None
        return list(self.model.network.walk(self.model.built.input_shape))

    @property
    def steps(self) -> int:
        """How many updates the model has had."""
        return int(self.state.step)

    def rows(self, samples: int, rows: int, numbers: float) -> Array:
        """Return which samples are looked at: drawn by the seed, in ascending order."""
        assert self.model.built is not None
        each = sum(prod(place.output_shape) for place in self.model.built.places)
        few = int(max(min(rows, numbers / max(each, 1)), 32))
        if samples <= few:
            return np.arange(samples)
        return np.sort(permutation(self.model.seed, 0xD0C, samples)[:few])

    @cached_property
    def sample(self) -> Data | None:
        """The few samples whose pass is looked at layer by layer."""
        if self.data is None:
            return None
        return self.data.at(self.rows(len(self.data.X), PASS_ROWS, PASS_NUMBERS))

    @cached_property
    def trace(self) -> Trace | None:
        """A pass of the sample through the network that is trained, forward and backward."""
        return self._trace(self.state.params)

    @cached_property
    def first_trace(self) -> Trace | None:
        """The same pass with the weights with which the training began."""
        return self._trace(self.initial)

    def _trace(self, params: Any) -> Trace | None:
        if self.sample is None:
            return None
        X, targets, _ = self.sample
        m, loss = len(X), self.model.trained_loss
        if targets.ndim == 2:
            targets = targets.astype(np.float64)
        batch = Batch(X, targets, np.full(m, 1 / m), np.arange(m, dtype=np.uint32))
        with np.errstate(all="ignore"):  # what overflows is a finding, not a warning
            return trace(self.model.trained_layer, loss, params, self.state.running, batch)

    @property
    def records(self) -> tuple[Record, ...]:
        """The layers of that pass with their arrays."""
        return () if self.trace is None else self.trace.records

    @property
    def learning(self) -> list[Record]:
        """The layers with parameters."""
        return [record for record in self.records if flatten(dict(record.params))]

    @cached_property
    def answers(self) -> Answers | None:
        """What the model says to many of its training samples."""
        return None if self.data is None else self._answers(self.data)

    @cached_property
    def other_answers(self) -> Answers | None:
        """What the model says to samples that it was not trained on."""
        return None if self.held_out is None else self._answers(self.held_out)

    @cached_property
    def first_answers(self) -> Answers | None:
        """What it said before any training."""
        if self.data is None:
            return None
        return self._answers(self.data, self.initial)

    def _answers(self, data: Data, params: Any = None) -> Answers:
        part = data.at(self.rows(len(data.X), ANSWER_ROWS, ANSWER_NUMBERS))
        state = self.state if params is None else self.state._replace(params=params)
        model = self.model
        with np.errstate(all="ignore"):
            Z = outputs(model.trained_layer, state, part.X, model.dtype)
        return Answers.of(model.trained_loss, Z.astype(np.float64), part.targets)

    @cached_property
    def initial(self) -> Any:
        """The parameters that the seed draws: where the training began."""
        assert self.model.built is not None
        return self.model.built.initial_parameters(self.model.seed, self.model.dtype)

    @cached_property
    def moved(self) -> dict[str, float]:
        """How far each weight matrix has moved from where it began: ‖W − W₀‖ / ‖W₀‖."""
        start, learns = flatten(self.initial), self.model.task.trainable
        return {
            name: float(np.linalg.norm(p - start[name]) / np.linalg.norm(start[name]))
            for name, p in flatten(self.state.params).items()
            if np.ndim(p) > 1 and np.any(start[name]) and (learns is None or name in learns)
        }

    @cached_property
    def loss_curve(self) -> list[float]:
        """The training loss of every epoch, per sample; empty where ratios say nothing."""
        curve = self.model.history.curves.get("loss", [])
        if min(curve, default=0) < 0:
            return []
        if self.model.loss.reduction == "sum":
            return [value / len(self.data.X) for value in curve] if self.data is not None else []
        return curve

    @cached_property
    def first_loss(self) -> float | None:
        """The loss before any training, per sample."""
        if self.first_answers is not None:
            return self.first_answers.loss
        return self.loss_curve[0] if self.loss_curve else None

    @cached_property
    def solved(self) -> bool:
        """Whether the model fits its training samples: what looks odd inside does no harm then."""
        return self.answers is not None and self.answers.fits

    @cached_property
    def learns_well(self) -> bool:
        """Whether most of what the loss can fall has been fallen: 70 % from the best constant."""
        answers = self.answers
        return answers is not None and (self.solved or answers.loss < 0.3 * answers.baseline)

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate at the present step."""
        return float(self.model.optimizer.rate(self.steps))
