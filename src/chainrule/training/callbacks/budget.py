"""A training within bounds: refused when it cannot fit, stopped when its time is over."""

from __future__ import annotations

from math import prod
from signal import SIGINT
from time import monotonic

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.machine import memory, memory_limit, resident
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks.base import Callback, Training
from chainrule.tree import flatten


class Budget(Callback):
    """End a training after `seconds`, and refuse one that is predicted to need more `memory` bytes.

    The time is looked at after every chunk of updates, about ten times a second. The prediction is
    what the process has taken so far, the data with it; the next parameters and their gradients,
    the optimizer's next averages; and the outputs of all layers for a minibatch, twice. One that
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
        self.check(model.built, model.optimizer, model.dtype, training.batch_size)

    def check(
        self, network: Network, optimizer: Optimizer, dtype: str, batch_size: int, held: int = 0
    ) -> None:
        """Raise ConfigurationError where training this network cannot fit.

        `held` are arrays of its parameters' size that are yet to be made besides those of a step.
        """
        parts = needed(network, optimizer, dtype, batch_size, held)
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
    network: Network, optimizer: Optimizer, dtype: str, batch_size: int, held: int = 0
) -> dict[str, int]:
    """Return the bytes that a training is predicted to take, by what for.

    A step makes gradients, next parameters and next averages while the old ones are still there,
    and one more of each stays to go back to; `held` counts those that are not made yet.
    """
    size = np.dtype(dtype).itemsize
    slots = len(flatten(optimizer.init({"": np.zeros(1, dtype)})))
    outputs = sum(prod(place.output_shape) for place in network.places)
    return {
        "of the process so far": resident(),
        f"of {network.count:,} parameters": size * network.count * (held + 3 + 2 * slots),
        f"of outputs for {batch_size:,} samples": 2 * size * batch_size * outputs,
    }


def limits(asked: int | None) -> tuple[int, str]:
    """Return the least of what was asked for and what there is, and whose limit it is."""
    whole, container = memory(), memory_limit()
    mine = "the container's limit" if container == whole else "this machine's memory"
    return (whole, mine) if asked is None or whole < asked else (asked, "the limit that was given")
