"""Train on the digits and save what was learnt: run with several devices, or processes."""

from __future__ import annotations

import sys

import numpy as np

import chainrule as cr
from chainrule.engines import pieces


def train(comm: str | None = None, stored: bool = False, callbacks: tuple[cr.Callback, ...] = ()):
    (x, y), _ = cr.data.load("digits")
    x, y = x[:430], y[:430]
    network = cr.Sequential(
        cr.Scale(1 / 16), cr.Flatten(), cr.Dense(24), cr.BatchNorm(), cr.ReLU(), cr.Dropout(0.3),
        cr.Dense(10),
    )  # fmt: skip
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1, momentum=0.9), seed=3)
    if stored:
        pieces.BYTES_AT_ONCE = 100_000
        x = cr.data.FromFunction(lambda rows, x=x: x[rows], x.shape, x.dtype)
    # 430 samples in minibatches of 100, and a last one of 15 after the split: 15 is odd
    history = model.fit(
        x, y, 3, 100, engine="xla", verbose=0, comm=comm, validation_split=0.035,
        callbacks=callbacks,
    )  # fmt: skip
    curves = {f"curve.{name}": np.array(values) for name, values in history.curves.items()}
    return model, history, dict(model.parameters) | curves


if __name__ == "__main__":
    path, comm, stored = sys.argv[1:]
    model, history, arrays = train(comm or None, stored == "stored")
    print(history.engine)
    np.savez(path, **arrays)
