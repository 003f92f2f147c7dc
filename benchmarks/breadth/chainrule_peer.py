"""chainrule on either engine: `Model.fit`."""

from __future__ import annotations

from collections.abc import Callable

import chainrule as cr
from benchmarks.breadth.networks import BLOCKS, EPS, RATE, TOKENS, UNITS, WIDTH, Broad, Samples
from benchmarks.peers.base import Epoch, Settings


def cnn() -> cr.Layer:
    return cr.Sequential(
        conv1=cr.Conv2D(32, 3), relu1=cr.ReLU(), pool1=cr.MaxPool(2),
        conv2=cr.Conv2D(64, 3), relu2=cr.ReLU(), pool2=cr.MaxPool(2),
        flatten=cr.Flatten(), dense1=cr.Dense(128), relu3=cr.ReLU(), dense2=cr.Dense(10),
    )  # fmt: skip


def text() -> cr.Layer:
    return cr.Sequential(
        embedding=cr.Embedding(TOKENS, UNITS), mean=cr.GlobalAveragePool(),
        dense1=cr.Dense(64), relu=cr.ReLU(), dense2=cr.Dense(2),
    )  # fmt: skip


def residual() -> cr.Layer:
    def block() -> cr.Layer:
        return cr.Residual(
            norm=cr.LayerNorm(EPS), a=cr.Dense(WIDTH), relu=cr.ReLU(), b=cr.Dense(WIDTH)
        )

    return cr.Sequential(
        stem=cr.Dense(WIDTH),
        **{f"block{i}": block() for i in range(BLOCKS)},
        norm=cr.LayerNorm(EPS),
        head=cr.Dense(10),
    )


BUILD: dict[str, Callable[[], cr.Layer]] = {"cnn": cnn, "text": text, "residual": residual}


class Training:
    """A model that goes on training with every call."""

    def __init__(self, engine: str, work: Broad, data: Samples) -> None:
        self.engine, self.work, self.data = engine, work, data
        self.model = cr.Model(
            BUILD[work.network](),
            cr.SoftmaxCrossEntropy(),
            cr.Adam(RATE),
            input_shape=data.x.shape[1:],
        )
        for name, (W, b) in data.weights.items():
            given = {f"{name}.W": W.reshape(-1, W.shape[-1]), f"{name}.b": b}
            known = self.model.parameters  # an embedding has no b
            self.model.set_parameters({n: a for n, a in given.items() if n in known})

    def __call__(self, epochs: int) -> list[Epoch]:
        history = self.model.fit(
            self.data.x,
            self.data.y,
            epochs=epochs,
            batch_size=self.work.batch_size,
            engine=self.engine,
            verbose=0,
        )
        losses = history.curves["loss"][-epochs:]
        return [Epoch(*e) for e in zip(history.seconds[-epochs:], losses, strict=True)]


def prepare(name: str, work: Broad, data: Samples) -> Settings:
    return {"": lambda: Training(name, work, data)}
