"""Keras 3 on its JAX backend: `compile` and `fit`, as in its guides.

`jit_compile=True` is on. `steps_per_execution`, which the documentation of `compile` advises for
small models with a large Python overhead, is tried as 1 and as 32.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import keras
import numpy as np

from benchmarks.peers.base import Epoch, Settings
from benchmarks.workloads import Array, Data, Workload


class Watch(keras.callbacks.Callback):
    """Seconds of every epoch, as chainrule's history has them."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[Epoch] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(Epoch(perf_counter() - self.started, float(logs["loss"])))


class Training:
    """A compiled Keras model."""

    def __init__(self, workload: Workload, data: Data, steps: int) -> None:
        keras.utils.set_random_seed(0)  # of the order of samples
        self.workload, self.data = workload, data
        layers = [keras.layers.Dense(n, activation=workload.hidden) for n in workload.sizes[1:-1]]
        squared = workload.loss == "squared"
        last = keras.layers.Dense(workload.sizes[-1], activation="sigmoid" if squared else None)
        self.model = keras.Sequential([keras.Input(workload.sizes[:1]), *layers, last])
        self.model.set_weights([a for pair in data.weights for a in pair])
        kinds = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
        self.y = data.y
        loss: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if squared:
            self.y = np.eye(workload.sizes[-1], dtype=np.float32)[data.y]
            loss = lambda Y, A: 0.5 * keras.ops.sum(keras.ops.square(A - Y), axis=1)  # noqa: E731
        self.model.compile(
            kinds[workload.optimizer](workload.learning_rate),
            loss,
            jit_compile=True,
            steps_per_execution=steps,
        )

    def __call__(self, epochs: int) -> list[Epoch]:
        watch = Watch()
        self.model.fit(
            self.data.x,
            self.y,
            batch_size=self.workload.batch_size,
            epochs=epochs,
            verbose=0,
            callbacks=[watch],
        )
        return watch.epochs

    def predict(self, x: Array) -> Array:
        """For few rows the guide advises to call the model, for many `predict`."""
        if len(x) <= 32:
            return np.asarray(self.model(x, training=False))
        return self.model.predict(x, batch_size=1000, verbose=0)


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    return {
        f"steps_per_execution={steps}": lambda steps=steps: Training(workload, data, steps)
        for steps in (1, 32)
    }
