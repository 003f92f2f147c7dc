"""What is known of a graph before any sample: nodes that compute with constants and shapes alone.

Files write `x.view(x.size(0), -1)` as a chain of nodes. The number of samples counts as 0 in it,
which a Reshape copies. Only these few operators are computed, on small arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from chainrule.interop.onnx.graph import Graph, Node
from chainrule.namespace import Array

LARGEST = 1 << 26  # entries
TYPES = {1: np.float32, 6: np.int32, 7: np.int64, 11: np.float64}
Function = Callable[[list[Array], Mapping[str, Any]], Array]


def _slice(x: list[Array], a: Mapping[str, Any]) -> Array:
    data, starts, ends, *rest = x
    axes = rest[0] if rest else np.arange(len(starts))
    steps = rest[1] if len(rest) > 1 else np.ones(len(starts), int)
    cut = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(int(start), int(end), int(step))
    return data[tuple(cut)]


def _filled(x: list[Array], a: Mapping[str, Any]) -> Array:
    shape = [int(n) for n in x[0]]
    if prod(shape) > LARGEST:
        raise ValueError("too large to be a shape")
    value = np.asarray(a.get("value", np.zeros(1, np.float32)))
    return np.full(shape, value.item(), value.dtype)


def _axes(x: list[Array], a: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(n) for n in (x[1] if len(x) > 1 else a.get("axes", ())))


FUNCTIONS: dict[str, Function] = {
    "Identity": lambda x, a: x[0],
    "ConstantOfShape": _filled,
    "Gather": lambda x, a: np.take(x[0], x[1], axis=a.get("axis", 0)),
    "Concat": lambda x, a: np.concatenate(x, axis=a.get("axis", 0)),
    "Unsqueeze": lambda x, a: np.expand_dims(x[0], _axes(x, a)),
    "Squeeze": lambda x, a: np.squeeze(x[0], _axes(x, a) or None),
    "Slice": _slice,
    "Cast": lambda x, a: x[0].astype(TYPES[a["to"]]),
    "Transpose": lambda x, a: x[0].transpose(a.get("perm")),
    "Reshape": lambda x, a: x[0].reshape([int(n) for n in x[1]]),
    "Add": lambda x, a: x[0] + x[1],
    "Sub": lambda x, a: x[0] - x[1],
    "Mul": lambda x, a: x[0] * x[1],
    "Div": lambda x, a: x[0] // x[1] if x[0].dtype.kind in "iu" else x[0] / x[1],
}


def folded(graph: Graph, shapes: Mapping[str, tuple[int | None, ...]]) -> bool:
    """Compute, in place, the nodes that depend on constants and on known shapes alone.

    Returns whether there were any.
    """
    rest, varying = [], {port.name for port in graph.inputs}
    for node in graph.nodes:  # what is computed from samples counts them along its first axis
        if node.op != "Shape" and varying.intersection(node.inputs):
            varying.update(node.outputs)
    shapes = {n: (0, *s[1:]) if n in varying else s for n, s in shapes.items()}
    for node in graph.nodes:
        value = _value(graph, shapes, node)
        if value is None:
            rest.append(node)
        else:
            graph.constants[node.outputs[0]] = value
    fewer = len(rest) < len(graph.nodes)
    graph.nodes = rest
    return fewer


def _value(graph: Graph, shapes: Mapping[str, Any], node: Node) -> Array | None:
    if node.op == "Shape" and node.inputs[0] in graph.constants:
        return np.array(graph.constants[node.inputs[0]].shape, np.int64)
    if node.op == "Shape" and node.inputs[0] in shapes:
        shape = shapes[node.inputs[0]]
        return None if None in shape else np.array(shape, np.int64)
    given = [name for name in node.inputs if name]
    function = FUNCTIONS.get(node.op)
    if function is None or not given or any(name not in graph.constants for name in given):
        return None
    arrays = [graph.constants[name] for name in given]
    if sum(array.size for array in arrays) > LARGEST:
        return None
    try:
        return np.asarray(function(arrays, node.attributes))
    except (ValueError, IndexError, KeyError, TypeError, ZeroDivisionError):
        return None
