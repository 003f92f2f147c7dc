"""Models to write as ONNX, and files that have lost what chainrule says in them."""

from __future__ import annotations

from pathlib import Path

import chainrule as cr
from example_layer import Example


def classifier(example: Example) -> cr.Model:
    """Return a model that begins with this layer, its running state somewhere in a training."""
    network = cr.Sequential(example.layer, cr.Flatten(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=example.shape)
    state = example.context(dtype="float32").state
    if state:
        model.restore(model.state._replace(running={"0": dict(state)}))
    return model


def behead(path: Path) -> None:
    """Take all metadata out of a file, so that the graph alone is left."""
    import onnx

    file = onnx.load(path)
    del file.metadata_props[:]
    onnx.save(file, path)
