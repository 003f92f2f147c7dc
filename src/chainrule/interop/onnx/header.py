"""Our own files: the exact model from the header, if writing it again gives this very graph."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from chainrule.description import from_config
from chainrule.errors import ChainruleError
from chainrule.interop.onnx.graph import Graph
from chainrule.interop.onnx.writing import to_graph
from chainrule.layers.base import Layer
from chainrule.losses import Loss
from chainrule.model import Model
from chainrule.optimizers import Optimizer
from chainrule.targets import Targets
from chainrule.tree import flatten, replace

EXACT = 1 << 24  # whole numbers up to here are exact in float32


def from_header(raw: Graph | None) -> Model | None:
    """Return the model that wrote this file; None where the graph is another one."""
    if raw is None or "chainrule" not in raw.metadata:
        return None
    try:
        config = json.loads(raw.metadata["chainrule"])
        model = Model(
            from_config(config["network"], Layer),
            from_config(config["loss"], Loss),
            from_config(config["optimizer"], Optimizer),
            seed=int(config["seed"]),
            input_shape=tuple(config["input_shape"]),
            dtype=config["dtype"],
            classes=config["classes"],
        )
        if config["targets"] is not None:
            model.targets = Targets.from_config(config["targets"])
        _fill(model, raw, config["state"])
        again = to_graph(model, raw.opset)
    except (ChainruleError, KeyError, TypeError, ValueError, AttributeError):
        return None
    same = _nodes(again) == _nodes(raw) and again.constants.keys() == raw.constants.keys()
    if same and all(
        np.array_equal(a, raw.constants[n], equal_nan=a.dtype.kind == "f")
        for n, a in again.constants.items()
    ):
        return model
    return None


def _fill(model: Model, raw: Graph, state: dict[str, Any]) -> None:
    """Take over the weights: what writing does to their order is undone, by writing positions."""
    params, running = flatten(model.state.params), flatten(dict(model.state.running))
    before = model.state
    if any(p.size > EXACT for p in params.values()):
        raise ValueError("too large to be followed")
    positions = {n: np.arange(p.size, dtype=np.float32).reshape(p.shape) for n, p in params.items()}
    model.restore(before._replace(params=replace(before.params, positions)))
    laid = to_graph(model, raw.opset).constants
    found = {}
    for name, p in params.items():
        flat = np.empty(p.size, p.dtype)
        flat[laid[name].ravel().astype(np.int64)] = raw.constants[name].ravel()
        found[name] = flat.reshape(p.shape)
    moved = {
        n: np.asarray(state[n] if n in state else raw.constants[n], p.dtype).reshape(p.shape)
        for n, p in running.items()
    }
    model.restore(
        before._replace(
            params=replace(before.params, found), running=replace(dict(before.running), moved)
        )
    )


def _nodes(graph: Graph) -> list[Any]:
    """Return the nodes as values that can be compared; attributes are float32 in a file."""
    return [
        (n.op, n.inputs, n.outputs, {k: _short(v) for k, v in n.attributes.items()})
        for n in graph.nodes
    ]


def _short(value: Any) -> Any:
    return float(np.float32(value)) if isinstance(value, float) else value
