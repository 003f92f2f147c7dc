"""A training within bounds: refused when it cannot fit, stopped when its time is over."""

from __future__ import annotations

from math import prod
from pathlib import Path
from signal import SIGINT
from time import monotonic

from chainrule.errors import ConfigurationError
from chainrule.training.callbacks.base import Callback, Training
from chainrule.tree import flatten

CGROUP = Path("/sys/fs/cgroup")


class Budget(Callback):
    """End a training after `seconds`, and refuse one that is predicted to need more `memory` bytes.

    The time is looked at after every chunk of updates, about ten times a second. The prediction is
    the data, four times the parameters with their optimizer's averages (they, their gradients and
    the next state), and the outputs of all layers for a minibatch, twice; a file too large for
    the limit raises ConfigurationError before the first step, with this sum.

        model.fit(x, y, epochs=1000, callbacks=[cr.Budget(seconds=60)])
    """

    def __init__(self, seconds: float | None = None, memory: int | None = None) -> None:
        for name, value in {"seconds": seconds, "memory": memory}.items():
            if value is not None and value <= 0:
                raise ConfigurationError(f"Budget: {name} must be more than 0, got {value}")
        self.seconds, self.memory, self.started = seconds, memory, 0.0

    def on_start(self, training: Training) -> None:
        self.started = monotonic()
        parts = needed(training)
        limit, whose = limits(self.memory)
        if limit is not None and sum(parts.values()) > limit:
            terms = " + ".join(f"{size / 1e6:,.1f} MB {name}" for name, size in parts.items())
            raise ConfigurationError(
                f"the training needs about {sum(parts.values()) / 1e6:,.1f} MB = {terms}; "
                f"{whose} is {limit / 1e6:,.1f} MB: take a smaller batch size or network"
            )

    def on_chunk(self, training: Training) -> None:
        if self.seconds is not None and monotonic() - self.started >= self.seconds:
            training.signal = SIGINT  # like Ctrl-C: what a checkpoint saves now is to go on later
            training.stop(f"the {self.seconds:g} seconds are over; the weights are kept")


def needed(training: Training) -> dict[str, int]:
    """Return the bytes that a training is predicted to need, by what for."""
    model = training.model
    assert model.built is not None
    size = 8 if model.dtype == "float64" else 4
    data = [a for part in (training.data, training.validation) if part for a in part]
    slots = sum(getattr(a, "nbytes", 0) for a in flatten(model.state.optimizer).values())
    outputs = sum(prod(place.output_shape) for place in model.built.places)
    return {
        "data": sum(getattr(a, "nbytes", 0) for a in data),  # what lies on disk needs none
        "parameters": 4 * size * model.built.count + 2 * slots,
        "outputs": 2 * size * training.batch_size * outputs,
    }


def limits(asked: int | None, cgroup: Path = CGROUP) -> tuple[int | None, str]:
    """Return the least of what was asked for and what a container allows, and whose limit it is."""
    found = [] if asked is None else [(asked, "the limit that was given")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (cgroup / name).read_text().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:  # "max" and huge numbers are no limit
            found.append((int(text), "the container's limit"))
    return min(found, default=(None, ""), key=lambda limit: limit[0] or 0)
