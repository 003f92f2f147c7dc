"""A trial: the first steps of a training, from the seed's own weights, with an eye on each.

The order of samples and all else that is random is a function of seed and step, so the trial of a
model that was trained on these samples with this batch size repeats its first steps exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from chainrule.namespace import Array
from chainrule.step import Data, State, step
from chainrule.training.divergence import locate
from chainrule.training.plan import Plan
from chainrule.tree import Tree, flatten

if TYPE_CHECKING:
    from chainrule.model import Model

STEPS, WORK = 100, 5e9  # steps, and numbers multiplied, at most


@dataclass
class Trial:
    """The loss before each step, how far each went, and where it broke (counted from 1)."""

    batch_size: int
    losses: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # the largest ‖ΔW‖ / ‖W‖ of the step
    broke_at: int | None = None
    where: str = ""


def run(model: Model, state: State, data: Data, batch_size: int) -> Trial:
    """Train a copy for up to a hundred steps. `state` gives the untrained state (running means)."""
    assert model.built is not None
    params = model.built.initial_parameters(model.seed, model.dtype)
    at = State(params, state.running, model.optimizer.init(params), 0)
    plan, task = Plan.of(len(data.X), batch_size, model.seed, True), model.task
    trial = Trial(plan.batch_size)
    steps = int(min(STEPS, max(WORK / (plan.batch_size * max(model.built.count, 1)), 5)))
    batches = chain.from_iterable(rows for epoch in range(steps) for rows in plan.blocks(epoch))
    scale = 1 / plan.batch_size if model.loss.reduction == "sum" else 1.0
    with np.errstate(all="ignore"):
        for number, rows in zip(range(1, steps + 1), batches, strict=False):
            before = at
            at, outcome, _ = step(task, at, data, rows)
            if not np.isfinite(outcome.value) or not finite(at.params):
                trial.broke_at = number
                trial.where = locate(task, data, before, rows[None])
                return trial
            trial.losses.append(float(outcome.value) * scale)
            trial.ratios.append(ratio(before.params, at.params))
    return trial


def finite(params: Tree) -> bool:
    """Say whether every parameter is a finite number."""
    return all(np.isfinite(p).all() for p in flatten(params).values())


def ratio(before: Tree, after: Tree) -> float:
    """Return how far the weights went, at most: the largest ‖ΔW‖ / ‖W‖ of all matrices.

    >>> ratio({"W": np.ones((2, 2))}, {"W": np.full((2, 2), 1.1)})
    0.1...
    """
    old, new = flatten(before), flatten(after)
    steps = [_relative(p, new[name] - p) for name, p in old.items() if np.ndim(p) > 1 and p.any()]
    return max(steps, default=0.0)


def _relative(p: Array, change: Array) -> float:
    return float(np.linalg.norm(change) / np.linalg.norm(p))
