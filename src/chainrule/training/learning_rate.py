"""Which learning rate? Try them all in one short run, from tiny to too large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.namespace import Array
from chainrule.training.plan import Plan
from chainrule.training.start import start

if TYPE_CHECKING:
    from chainrule.model import Model

SMOOTHING = 0.9  # of the running mean that decides when to give up
GIVES_UP = 4.0  # times its lowest value so far
WIDTH = 0.04  # of the smoothed curve's window, as a share of the run


@dataclass(frozen=True)
class LearningRates:
    """The rates that were tried, and the loss of each minibatch before its update.

    `plotting.learning_rates` draws them.
    """

    rates: Array
    losses: Array

    @property
    def smooth(self) -> Array:
        """The losses averaged over their neighbours, by a Gaussian window, so without a lag."""
        places = np.arange(len(self.losses))
        width = max(1.0, WIDTH * len(places))
        window = np.exp(-0.5 * ((places[:, None] - places[None, :]) / width) ** 2)
        return window @ self.losses / window.sum(axis=1)

    @property
    def suggestion(self) -> float:
        """The rate at which the smoothed loss falls most steeply on the way to its lowest."""
        before = self.smooth[: int(self.smooth.argmin()) + 1]  # not where it has blown up
        return float(self.rates[int(np.gradient(before).argmin()) if len(before) > 1 else 0])


def find_learning_rate(
    model: Model,
    x: Any,
    y: Any,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int | None = 32,
    engine: str = "numpy",
) -> LearningRates:
    """Train for up to `steps` updates with rates that rise from `low` to `high` by equal factors.

    It stops early once the loss has blown up. The model's own state does not change. Source: Smith,
    "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.

    >>> import chainrule as cr
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.1))
    >>> 1e-3 < cr.find_learning_rate(model, x, x[:, 0]).suggestion < 10
    True
    """
    if not 0 < low < high:
        raise ConfigurationError(f"rates must rise: 0 < low < high, got low={low}, high={high}")
    if steps < 3:
        raise ConfigurationError(f"steps must be at least 3, got {steps}")
    data = model._prepare(x, y)
    plan = Plan.of(len(data.X), batch_size, model.seed, shuffle=True)
    number = np.dtype(model.dtype).type
    task, state = model.task, model.state._replace(factor=number(1))
    if model.trained_layer.adapts:
        running = model.trained_layer.adapt(state.running, data.X.astype(model.dtype))
        state = state._replace(running=running)
    first = int(state.step)
    run, live, _ = start(engine, task, data, plan, state)
    rates, losses, mean, lowest = list[float](), list[float](), 0.0, float("inf")
    for i, (block, row) in zip(range(steps), minibatches(plan), strict=False):
        rate = low * (high / low) ** (i / (steps - 1))
        live = live._replace(factor=number(rate / float(task.optimizer.rate(first + i))))
        live, report = run.chunk(live, block, row, 1)
        loss = float(report.losses[0])
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        corrected = mean / (1 - SMOOTHING ** (i + 1))
        lowest = min(lowest, corrected)
        if not np.isfinite(loss) or corrected > GIVES_UP * lowest:
            break
        rates.append(rate)
        losses.append(loss)
    if not rates:
        raise ConfigurationError(f"the very first loss is {loss}: there is nothing to compare")
    return LearningRates(np.array(rates), np.array(losses))


def minibatches(plan: Plan) -> Iterator[tuple[Array, int]]:
    """Yield index block and row of one minibatch after the other, epoch after epoch."""
    for epoch in count():
        for block in plan.blocks(epoch):
            for row in range(len(block)):
                yield block, row
