"""chainrule on either engine: `Model.fit`, as the README has it."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import chainrule as cr
from benchmarks.peers.base import Epoch, Settings
from benchmarks.workloads import Array, Data, Workload


def network(workload: Workload) -> cr.Layer:
    """Return the layers of a workload."""
    activation = {"relu": cr.ReLU, "sigmoid": cr.Sigmoid}[workload.hidden]
    layers: list[Any] = []
    for units in workload.sizes[1:-1]:
        layers += [cr.Dense(units), activation()]
    layers.append(cr.Dense(workload.sizes[-1]))
    return cr.Sequential(*layers, *([cr.Sigmoid()] if workload.loss == "squared" else []))


class Chunks(cr.Callback):
    """Seconds per step of each chunk of some length: the finest grain that a training shows."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_start(self, training: Any) -> None:
        self.last, self.step = perf_counter(), training.step

    def on_chunk(self, training: Any) -> None:
        now, steps = perf_counter(), training.step - self.step
        if steps > 1:
            self.seconds.append((now - self.last) / steps)
        self.last, self.step = now, training.step


class Training:
    """A model that goes on training with every call."""

    def __init__(self, engine: str, workload: Workload, data: Data) -> None:
        self.engine, self.workload, self.data = engine, workload, data
        loss = cr.SquaredError() if workload.loss == "squared" else cr.SoftmaxCrossEntropy()
        rule = {"sgd": cr.SGD, "adam": cr.Adam}[workload.optimizer]
        self.model = cr.Model(
            network(workload),
            loss,
            rule(workload.learning_rate),
            input_shape=workload.sizes[:1],
        )
        for i, (W, b) in enumerate(data.weights):
            self.model.set_parameters({f"{2 * i}.W": W, f"{2 * i}.b": b})
        self.chunks: list[float] = []

    def __call__(self, epochs: int) -> list[Epoch]:
        watch = Chunks()
        history = self.model.fit(
            self.data.x,
            self.data.y,
            epochs=epochs,
            batch_size=self.workload.batch_size,
            engine=self.engine,
            verbose=0,
            callbacks=[watch],
        )
        self.chunks = watch.seconds
        losses = history.curves["loss"][-epochs:]
        return [Epoch(*e) for e in zip(history.seconds[-epochs:], losses, strict=True)]

    def predict(self, x: Array) -> Array:
        return self.model.outputs(x, engine=self.engine)


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    return {"": lambda: Training(name, workload, data)}
