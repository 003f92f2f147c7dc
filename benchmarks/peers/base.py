"""What a peer offers: a training that can be continued, and a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks.workloads import Array, Data, Workload


class Epoch(NamedTuple):
    """Seconds of one epoch, shuffling included, and the mean loss of its minibatches."""

    seconds: float
    loss: float


class Training(Protocol):
    """A library's training on one workload; compiled and warm after the first call."""

    def __call__(self, epochs: int) -> list[Epoch]:
        """Train for some epochs, on from where the last call ended."""
        ...

    def predict(self, x: Array) -> Array:
        """Return the network's output as a NumPy array, the library's short way."""
        ...


class Loop:
    """A training whose epochs are written out: `one_epoch` returns the losses, all computed."""

    def __init__(self, one_epoch: Callable[[], Any], predict: Callable[[Array], Any]) -> None:
        self.one_epoch, self.output = one_epoch, predict

    def __call__(self, epochs: int) -> list[Epoch]:
        return [self._timed() for _ in range(epochs)]

    def _timed(self) -> Epoch:
        started = perf_counter()
        losses = self.one_epoch()
        return Epoch(perf_counter() - started, float(np.mean(losses)))

    def predict(self, x: Array) -> Array:
        return np.asarray(self.output(x))


# A setting's name -> the training with it. Where there are several, the fastest is taken.
Settings = dict[str, Callable[[], Training]]
Prepare = Callable[[str, Workload, Data], Settings]


def shuffled(rng: np.random.Generator, samples: int, batch_size: int) -> Iterator[Array]:
    """Yield an epoch's minibatches of indices, the last one perhaps smaller."""
    order = rng.permutation(samples)
    for i in range(0, samples, batch_size):
        yield order[i : i + batch_size]


def fastest(settings: Settings, tries: int = 2) -> tuple[str, Training]:
    """Return name and training of the setting whose best epoch is the shortest.

    The others are dropped; the one returned is new, so it has learnt nothing yet.
    """
    if len(settings) == 1:
        return next((name, make()) for name, make in settings.items())
    ready = {name: make() for name, make in settings.items()}
    for training in ready.values():
        training(1)
    seconds = {name: float("inf") for name in ready}
    for _ in range(tries):
        for name, training in ready.items():
            seconds[name] = min(seconds[name], training(1)[0].seconds)
    name = min(seconds, key=lambda n: seconds[n])
    return name, settings[name]()
