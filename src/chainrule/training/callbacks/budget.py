"""A training within bounds: refused when it cannot fit, stopped when its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from signal import SIGINT
from time import monotonic

import numpy as np

from chainrule.engines.footprint import kept, rows_at_once
from chainrule.errors import ConfigurationError
from chainrule.machine import memory, memory_limit, resident
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks.base import Callback, Training
from chainrule.tree import flatten

ASIDE = {"numpy": 8_000_000, "xla": 100_000_000}  # bytes: buffers of BLAS, or of the compiler


class Budget(Callback):
    """End a training after `seconds`, and refuse one that is predicted to need more `memory` bytes.

    The time is looked at after every chunk of updates, about ten times a second. The prediction is
    what the process has taken so far, the data with it; parameters and averages of the steps before
    and after, and gradients; and the outputs of all layers for a minibatch, twice. One that
    exceeds `memory`, a container's limit or the machine raises ConfigurationError with this sum,
    before the first step.

        model.fit(x, y, epochs=1000, callbacks=[cr.Budget(seconds=60)])
    """

    def __init__(self, seconds: float | None = None, memory: int | None = None) -> None:
        for name, value in {"seconds": seconds, "memory": memory}.items():
            if value is not None and value <= 0:
                raise ConfigurationError(f"Budget: {name} must be more than 0, got {value}")
        self.seconds, self.memory, self.started = seconds, memory, 0.0

    def on_start(self, training: Training) -> None:
        self.started = monotonic()
        model = training.model
        assert model.built is not None
        self.check(
            needed(
                model.built,
                model.optimizer,
                model.dtype,
                training.batch_size,
                engine=training.history.engine,
            )
        )

    def check(self, parts: Mapping[str, int]) -> None:
        """Raise ConfigurationError where a training that needs these bytes cannot fit."""
        limit, whose = limits(self.memory)
        if sum(parts.values()) > limit:
            terms = " + ".join(f"{size / 1e6:,.1f} MB {name}" for name, size in parts.items())
            raise ConfigurationError(
                f"the training needs about {sum(parts.values()) / 1e6:,.1f} MB = {terms}; "
                f"{whose} is {limit / 1e6:,.1f} MB: take a smaller batch size or network"
            )

    def on_chunk(self, training: Training) -> None:
        if self.seconds is not None and monotonic() - self.started >= self.seconds:
            training.signal = SIGINT  # like Ctrl-C: what a checkpoint saves now is to go on later
            training.stop(f"the {self.seconds:g} seconds are over; the weights are kept")


def needed(
    network: Network,
    optimizer: Optimizer,
    dtype: str,
    batch_size: int,
    held: int = 0,
    engine: str = "numpy",
) -> dict[str, int]:
    """Return the bytes that a training is predicted to take, by what for.

    A state is the parameters and the optimizer's averages. Besides the one that there is, there are
    up to four: two to go back to, the last step's, and the next in the making, which needs
    gradients and as much again for its own sums; `held` counts arrays of the parameters' size that
    are not made yet. The outputs of all layers are there for the minibatch, with their gradients on
    the way back; or for the rows that an evaluation takes at a time. `engine` is its name, with
    whatever follows: it sets some memory aside. `python -m robustness.memory`
    compares this with what trainings take.
    """
    size = np.dtype(dtype).itemsize
    slots = len(flatten(optimizer.init({"": np.zeros(1, dtype)})))
    layer, shape = network.layer, network.input_shape
    outputs, laid_out, largest = kept(layer, shape)
    outputs += prod(shape)
    training = batch_size * (2 * outputs + laid_out + largest)
    evaluation = rows_at_once(layer, shape) * (outputs + laid_out)
    return {
        "of the process so far": resident(),
        f"of {network.count:,} parameters": size * network.count * (held + 4 * (1 + slots) + 2),
        f"of outputs for {batch_size:,} samples": size * max(training, evaluation),
        "that the engine sets aside": ASIDE["xla" if engine.startswith("xla") else "numpy"],
    }


def limits(asked: int | None) -> tuple[int, str]:
    """Return the least of what was asked for and what there is, and whose limit it is."""
    whole, container = memory(), memory_limit()
    mine = "the container's limit" if container == whole else "this machine's memory"
    return (whole, mine) if asked is None or whole < asked else (asked, "the limit that was given")
