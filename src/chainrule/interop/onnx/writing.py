"""A model as an ONNX graph: input, layers, link and answer, every tensor with a name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import chainrule
from chainrule.description import to_config
from chainrule.errors import ChainruleError, ConfigurationError
from chainrule.interop.onnx.graph import Graph, Port
from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import LINKS, WRITERS, load_families
from chainrule.layers.shared import Tied
from chainrule.losses import Hinge, Loss
from chainrule.model import Model
from chainrule.step import predicting
from chainrule.targets import Targets
from chainrule.tree import Tree, flatten

OLDEST, NEWEST, USUAL = 13, 23, 20


def write(at: Place, x: Tensor) -> Tensor:
    """Write one layer; raise ConfigurationError where its class has no translation."""
    writer = WRITERS.get(type(at.layer))
    if writer is None:
        raise ConfigurationError(
            f'{at.layer!r} at "{at.path}" has no translation to ONNX: register one with '
            f"@chainrule.interop.onnx.tables.writes({type(at.layer).__name__})"
        )
    before = len(at.graph.nodes)
    y: Tensor = writer(at, x)
    made = {name for node in at.graph.nodes[before:] for name in node.outputs}
    if y.name in made and at.path and not y.name.endswith(".Y"):
        at.graph.rename(y.name, f"{at.path}.Y")
        y = y._replace(name=f"{at.path}.Y")
    return y


def to_graph(model: Model, opset: int = USUAL) -> Graph:
    """Return the graph of a model, with float32 weights.

    Its input is X; its outputs are `label` and `probabilities`, `label` and `scores`, or `values`.
    """
    if not OLDEST <= opset <= NEWEST:
        raise ConfigurationError(f"opset must be from {OLDEST} to {NEWEST}, got {opset!r}")
    load_families()
    state = predicting(model.optimizer, model.state)
    layer, params = model.trained_layer, state.params
    if isinstance(layer, Tied):
        params, layer = layer.spread(params), layer.network
    arrays = _together(params, dict(state.running))
    assert model.built is not None
    shape = model.built.input_shape
    graph = Graph(opset, producer=f"chainrule {chainrule.__version__}")
    graph.inputs = [Port("X", "float32", ("batch", *shape))]
    z = write(Place(graph, "", layer, arrays, ""), Tensor("X", shape))
    if not layer_named(graph, z.name):
        z = Place(graph, "", layer, {}, "").node("Identity", z)
    graph.rename(z.name, "Z")
    _answers(graph, z._replace(name="Z"), model.trained_loss, model)
    graph.metadata = metadata(model, graph)
    return graph


def layer_named(graph: Graph, name: str) -> bool:
    """Say whether a node makes this tensor; a network without layers hands on its input."""
    return any(name in node.outputs for node in graph.nodes)


def _answers(graph: Graph, z: Tensor, loss: Loss, model: Model) -> None:
    targets = model.targets or Targets.assumed(loss, z.shape[0], model.classes)
    link = LINKS.get(type(loss))
    if link is None and type(loss).predictions is not Loss.predictions:
        raise ConfigurationError(f"the link of {loss!r} has no translation to ONNX")
    at = Place(graph, "answer", loss, {}, "")
    predicted = at.node("Identity", z) if link is None else link(at, z)
    name = "values" if targets.kind == "values" else "probabilities"
    if isinstance(loss, Hinge) or (loss.task == "regression" and targets.kind == "labels"):
        name = "scores"  # no probabilities
    graph.rename(predicted.name, name)
    k = z.shape[0]
    graph.outputs = [Port(name, "float32", ("batch", k))]
    if targets.kind == "values":
        return
    if targets.kind == "labels":
        label = at.node("ArgMax", z, axis=1, keepdims=0)
        shape: tuple[Any, ...] = ("batch",)
    else:
        above = at.node("Greater", z, at.constant("threshold", loss.threshold))
        label = at.node("Cast", above, to=7)
        shape = ("batch", k)
        if targets.flat and k == 1:
            sizes = at.constant("flat", [-1], np.int64)
            label, shape = at.node("Reshape", label, sizes), ("batch",)
    graph.rename(label.name, "label")
    graph.outputs.insert(0, Port("label", "int64", shape))


def metadata(model: Model, graph: Graph) -> dict[str, str]:
    """Return what the graph does not say: classes, columns, and chainrule's own header."""
    from chainrule.model_file import header

    facts: dict[str, str] = {}
    classes = model.classes if model.targets is None else model.targets.classes
    if classes is not None:
        facts["classes"] = json.dumps(list(classes), ensure_ascii=False)
    columns = model.configuration.get("columns")
    if columns:
        facts["columns"] = json.dumps(list(columns), ensure_ascii=False)
    try:
        to_config(model.network)
        whole = header(model)
    except ChainruleError:  # a function of one's own cannot be stored
        return facts
    kept = ("format", "version", "network", "loss", "optimizer", "input_shape", "seed", "dtype",
            "classes", "targets")  # fmt: skip
    running = flatten(dict(predicting(model.optimizer, model.state).running))
    state = {n: np.asarray(a).tolist() for n, a in running.items() if n not in graph.constants}
    own = {**{k: whole[k] for k in kept}, "state": state}
    facts["chainrule"] = json.dumps(own, ensure_ascii=False)
    return facts


def _together(params: Tree, running: Any) -> Tree:
    """Return parameters and running state as one tree, each under its layer."""
    merged = dict(params)
    for name, entry in running.items():
        if isinstance(entry, dict):
            merged[name] = _together(merged.get(name, {}), entry)
        else:
            merged[name] = np.asarray(entry, np.float32)
    return {n: e if isinstance(e, dict) else np.asarray(e, np.float32) for n, e in merged.items()}
