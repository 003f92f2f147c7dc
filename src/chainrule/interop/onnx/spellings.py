"""Operators spelt out in older ones, put back together: SiLU, Mish, GELU, one-hot, tokens."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from chainrule.interop.onnx.graph import Graph, Node

# A name stands for a tensor, "?name" for a constant, a number for a constant of that value.
ERF = ("Add", ("Erf", ("Div", "x", sqrt(2))), 1.0)
ERF_TIMES = ("Add", ("Erf", ("Mul", "x", sqrt(0.5))), 1.0)
CUBE = ("Add", "x", ("Mul", ("Mul", ("Mul", "x", "x"), "x"), 0.044715))
POWER = ("Add", "x", ("Mul", ("Pow", "x", 3.0), 0.044715))
MEAN = ("ReduceMean", "x")
CENTRED = ("Sub", "x", MEAN)
NORMED = [
    ("Div", CENTRED, ("Sqrt", ("Add", ("ReduceMean", square), "?eps")))
    for square in (("Mul", CENTRED, CENTRED), ("Pow", CENTRED, 2.0))
]
SPELLINGS: list[tuple[Any, str, tuple[str, ...], dict[str, Any]]] = [
    (("Mul", "x", ("Sigmoid", "x")), "Swish", ("x",), {}),
    (("Mul", "x", ("Tanh", ("Softplus", "x"))), "Mish", ("x",), {}),
    *(
        (pattern, "Gelu", ("x",), {})
        for erf in (ERF, ERF_TIMES)
        for pattern in (
            ("Mul", ("Mul", "x", erf), 0.5),
            ("Mul", ("Mul", "x", 0.5), erf),
            ("Mul", "x", ("Mul", erf, 0.5)),
        )
    ),
    *(
        (pattern, "Gelu", ("x",), {"approximate": "tanh"})
        for bent in (CUBE, POWER)
        for tanh in [("Add", ("Tanh", ("Mul", bent, sqrt(2 / pi))), 1.0)]
        for pattern in (("Mul", ("Mul", "x", tanh), 0.5), ("Mul", ("Mul", "x", 0.5), tanh))
    ),
    *(
        (
            ("Add", ("Mul", normed, "?gamma"), "?beta"),
            "LayerNormalization",
            ("x", "gamma", "beta", "eps"),
            {},
        )
        for normed in NORMED
    ),
    (("Concat", ("Sub", 1.0, ("Sigmoid", "x")), ("Sigmoid", "x")), "TwoClasses", ("x",), {}),
    (("Gather", "?W", ("Cast", ("Round", "x"))), "Gather", ("W", "x"), {}),
    (("Gather", "?W", ("Cast", "x")), "Gather", ("W", "x"), {}),
    (
        ("Flatten", ("Cast", ("Equal", ("Unsqueeze", "x", "?axis"), "?values"))),
        "OneHotValues",
        ("x", "values"),
        {},
    ),
]
EITHER_WAY = {"Add", "Mul"}


def respelt(graph: Graph) -> None:
    """Put every spelling in the graph back together, in place."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    for i in reversed(range(len(graph.nodes))):
        node = graph.nodes[i]
        for pattern, op, inputs, attributes in SPELLINGS:
            found: dict[str, str] = {}
            if node.op == pattern[0] and _matches(graph, makers, pattern, node.outputs[0], found):
                new = tuple(found[name] for name in inputs)
                graph.nodes[i] = Node(op, new, node.outputs, attributes, node.name)
                break


def _matches(
    graph: Graph, makers: dict[str, Node], pattern: Any, name: str, found: dict[str, str]
) -> bool:
    """Say whether a tensor is made as the pattern says; put the names into `found`."""
    if isinstance(pattern, float):
        c = graph.constants.get(name)
        return c is not None and c.size == 1 and bool(np.isclose(c.item(), pattern, rtol=1e-4))
    if isinstance(pattern, str):
        if pattern.startswith("?"):
            pattern, constant = pattern[1:], name in graph.constants
            return constant and found.setdefault(pattern, name) == name
        return name not in graph.constants and found.setdefault(pattern, name) == name
    op, *parts = pattern
    node = makers.get(name)
    if node is None or node.op != op:
        return False
    if op == "ReduceMean":  # the axes are an attribute, or an input: the last one
        rest = graph.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
        axes = node.attributes.get("axes", []) if rest is None else rest.tolist()
        return list(axes) == [-1] and _matches(graph, makers, parts[0], node.inputs[0], found)
    if op == "Unsqueeze" and len(node.inputs) == 1:
        parts = parts[:1]
        found.setdefault("axis", "")
    if len(node.inputs) != len(parts):
        return False
    ways = [node.inputs, node.inputs[::-1]] if op in EITHER_WAY else [node.inputs]
    for way in ways:
        tried = dict(found)
        if all(_matches(graph, makers, p, n, tried) for p, n in zip(parts, way, strict=True)):
            found.update(tried)
            return True
    return False
