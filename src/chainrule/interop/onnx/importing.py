"""An ONNX file as a model that can be explained, checked and trained further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.interop.onnx.file import read_file
from chainrule.interop.onnx.graph import Graph, Port
from chainrule.interop.onnx.header import from_header
from chainrule.interop.onnx.parity import session
from chainrule.interop.onnx.paths import read_graph
from chainrule.interop.onnx.track import Track
from chainrule.layers import LogSoftmax, Sigmoid, Softmax
from chainrule.layers.base import Layer
from chainrule.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    KLDivergence,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from chainrule.model import Model
from chainrule.optimizers import Optimizer
from chainrule.tree import flatten, replace

LOSS_AFTER = {Softmax: CrossEntropy, Sigmoid: BinaryCrossEntropy, LogSoftmax: KLDivergence}

LINK_OF: dict[type[Loss], type[Layer]] = {
    SoftmaxCrossEntropy: Softmax,
    SigmoidCrossEntropy: Sigmoid,
}


def load_onnx(
    path: str | Path,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
    *,
    seed: int = 0,
    classes: Any = None,
) -> Model:
    """Return the network of an ONNX file as a model; images are taken channels last.

    A file of `export_onnx` gives the model that wrote it. For others, `loss` is by default what
    suits the last layer: cross-entropy after Softmax or Sigmoid, else SquaredError; pass
    SoftmaxCrossEntropy() for a network that ends in logits. Raises ModelFileError for a damaged
    or unsafe file and for an operator without a layer, naming the node.
    """
    path = Path(path)
    graph = read_file(path)
    own = from_header(graph.raw)
    if own is not None:
        same = loss is None and optimizer is None and classes is None
        return own if same else _refitted(own, loss, optimizer, classes)
    try:
        track = read_track(graph)
        last = type(track.steps[-1].layer) if track.steps else None
        chosen = loss or LOSS_AFTER.get(last, SquaredError)()  # type: ignore[arg-type]
        if classes is None and chosen.task != "regression":
            classes = class_names(graph, track)
        return as_model(track, chosen, optimizer, seed, classes)
    except ChainruleError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _refitted(own: Model, loss: Loss | None, optimizer: Optimizer | None, classes: Any) -> Model:
    """Return the model with another loss or optimizer, and what it has learnt."""
    assert own.built is not None
    model = Model(
        own.network,
        own.loss if loss is None else loss,
        own.optimizer if optimizer is None else optimizer,
        seed=own.seed,
        input_shape=own.built.input_shape,
        dtype=own.dtype,
        classes=own.classes if classes is None else classes,
    )
    model.restore(model.state._replace(params=own.state.params, running=own.state.running))
    return model


def read_track(graph: Graph) -> Track:
    """Return the layers between the graph's input and its predictions."""
    port = input_port(graph)
    sizes = tuple(n for n in (port.shape or ())[1:] if isinstance(n, int))
    if port.shape is None or len(sizes) != len(port.shape) - 1 or min(sizes, default=1) < 1:
        raise ModelFileError(f'input "{port.name}" has no fixed shape for one sample: {port.shape}')
    return read_graph(graph, port.name, output_name(graph), sizes)


def input_port(graph: Graph) -> Port:
    """Return the one input that varies."""
    if len(graph.inputs) != 1:
        names = ", ".join(port.name for port in graph.inputs)
        raise ModelFileError(
            f"a network has one input, this graph has {len(graph.inputs)}: {names}"
        )
    return graph.inputs[0]


def output_name(graph: Graph) -> str:
    """Return the tensor with the predictions: probabilities rather than labels."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    for port in graph.outputs:
        maker = makers.get(port.name)
        if maker is not None and maker.op == "ZipMap":  # a list of dicts, made of an array
            return maker.inputs[0]
    floats = [port.name for port in graph.outputs if port.kind.startswith("float")]
    if not graph.outputs:
        raise ModelFileError("the graph has no output")
    return floats[0] if floats else graph.outputs[-1].name


def class_names(graph: Graph, track: Track) -> tuple[str, ...] | None:
    """Return what a file says that its outputs stand for; None for 0, 1, … or where it does not."""
    found: Any = graph.metadata.get("classes")
    try:
        found = None if found is None else json.loads(found)
    except ValueError:
        found = None
    for node in graph.nodes:
        given = [a for name, a in node.attributes.items() if name.startswith("classlabels_") and a]
        if node.op == "ArrayFeatureExtractor":  # looks the label up, by its number
            given = [graph.constants.get(node.inputs[0], np.zeros(0)).ravel().tolist()]
        found = found or next(iter(given), None)
    outputs = track.shape[-1] if track.shape else 0
    if not isinstance(found, list) or len(found) != max(outputs, 2):
        return None
    if found == list(range(len(found))):
        return None
    return tuple(n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in found)


def as_model(
    track: Track, loss: Loss, optimizer: Optimizer | None, seed: int, classes: Any
) -> Model:
    """Return a built model with the layers and arrays of a track."""
    shape, link = track.input_shape, LINK_OF.get(type(loss))
    if track.steps and link is type(track.steps[-1].layer):
        track.steps.pop()  # the loss takes what comes before it
    model = Model(track.sequence, loss, optimizer, seed, shape, classes=classes)
    state = model.state
    params = flatten(track.arrays("params", alone=False))
    running = flatten(track.arrays("state", alone=False))
    params = {n: p for n, p in params.items() if n in flatten(state.params)}
    model.restore(
        state._replace(
            params=replace(state.params, params), running=replace(dict(state.running), running)
        )
    )
    return model


def difference(model: Model, path: Path, rows: int = 64) -> tuple[int, float] | None:
    """Return how many made-up rows were compared with onnxruntime, and the worst difference."""
    from chainrule.interop.onnx.exporting import made_up

    graph = read_file(path)
    runner = session(str(path))  # by name, so that it finds weights beside the model
    if runner is None or not graph.inputs:
        return None
    X, port = made_up(model, rows), input_port(graph)
    given, header = X, from_header(graph.raw)
    own = tuple(n for n in (port.shape or ())[1:] if isinstance(n, int))
    if own != X.shape[1:] and len(own) > 1:
        given = np.moveaxis(X, -1, 1)
    kind = {"int64": np.int64, "float64": np.float64}.get(port.kind, np.float32)
    name = output_name(graph)
    names = [o.name for o in runner.get_outputs()]
    if name not in names:
        return None
    theirs = runner.run([name], {port.name: np.ascontiguousarray(given.astype(kind))})[0]
    steps = [] if header is not None else read_track(graph).steps
    linked = header is not None or (bool(steps) and isinstance(steps[-1].layer, Softmax | Sigmoid))
    ours = model.predict_proba(X) if linked else model.outputs(X)
    return rows, float(np.abs(theirs.reshape(ours.shape) - ours).max())
