"""What a reader sees: a node, its constants and attributes, and the track that gets the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.initializers import Shape
from chainrule.interop.onnx.graph import Graph, Node
from chainrule.interop.onnx.track import Step, Track
from chainrule.layers.base import Layer
from chainrule.namespace import Array
from chainrule.tree import Tree


@dataclass
class Reading:
    """A node about to be read."""

    graph: Graph
    node: Node
    track: Track
    branches: list[Track] = field(default_factory=list)

    @property
    def opset(self) -> int:
        """The version of ONNX's operators."""
        return self.graph.opset

    @property
    def batch(self) -> Any:
        """The number of samples where the file fixes it."""
        shape = self.graph.inputs[0].shape if self.graph.inputs else None
        return shape[0] if shape else None

    @property
    def data_input(self) -> int:
        """Which input brings the samples."""
        return next(
            i for i, n in enumerate(self.node.inputs) if n and n not in self.graph.constants
        )

    def has(self, i: int) -> bool:
        """Say whether input i is given."""
        return len(self.node.inputs) > i and bool(self.node.inputs[i])

    def used(self, name: str) -> bool:
        """Say whether any node uses a tensor; outputs beside the predictions are left out."""
        return any(name in n.inputs for n in self.graph.nodes)

    def constant(self, i: int) -> Array:
        """Return input i; raise ModelFileError unless it is a constant."""
        if not self.has(i) or self.node.inputs[i] not in self.graph.constants:
            raise self.refused(f"whose input {i} is no constant: only the samples may vary")
        array = self.graph.constants[self.node.inputs[i]]
        if array.dtype.kind == "f" and not (
            np.isfinite(array).all() or self.node.op == "OneHotValues"
        ):
            raise self.refused(f"whose {self.node.inputs[i]} holds numbers that are not finite")
        return array

    def attribute(self, name: str, default: Any) -> Any:
        """Return an attribute, or what ONNX says it is by default."""
        return self.node.attributes.get(name, default)

    def refused(self, why: str) -> ModelFileError:
        """Return the error for what no layer does."""
        return ModelFileError(f"{self.node} {why}")

    def require(self, condition: Any, what: str) -> None:
        """Raise ModelFileError where shapes disagree."""
        if not condition:
            raise ModelFileError(f"{self.node}: the shapes disagree: {what}")

    def varying_axis(self, c: Array) -> int:
        """Return the one ONNX axis along which a constant differs."""
        rank = len(self.track.sizes) + 1
        self.require(c.ndim <= rank, f"{c.shape} for samples {self.track.sizes}")
        shape = (1,) * (rank - c.ndim) + c.shape
        axes = [i for i, n in enumerate(shape) if n > 1]
        if len(axes) != 1 or axes == [0]:
            raise self.refused(f"with a constant of shape {c.shape}: one number a feature")
        size = self.track.sizes[axes[0] - 1]
        self.require(shape[axes[0]] == size, f"{c.shape} for samples {self.track.sizes}")
        return axes[0]

    def add(
        self,
        layer: Layer,
        params: Tree | None = None,
        axes: Sequence[int] | None = None,
        open_to_bias: bool = False,
        *,
        state: Tree | None = None,
        sizes: Shape | None = None,
    ) -> None:
        """Add a layer with its arrays to the track."""
        step = Step(layer, _floats(params), _floats(state), open_to_bias)
        self.track.push(step, axes, sizes)


class Meeting(Reading):
    """A node in which branches meet; each has its own track, from where they parted."""

    def combine(self, layer: Layer, body: Track | None = None, sizes: Shape | None = None) -> None:
        """Add a combinator of the branches, or of one branch's layers."""
        first = next(branch for branch in self.branches if branch.steps)
        sides: dict[str, Tree] = {}
        for kind in ("params", "state"):
            trees = {str(i): b.arrays(kind) for i, b in enumerate(self.branches)}
            trees = {n: t for n, t in trees.items() if t or kind == "params"}
            sides[kind] = trees if body is None else body.arrays(kind, alone=False)
        self.track.settle()
        self.track.push(
            Step(layer, sides["params"], sides["state"]), first.axes, sizes or first.sizes
        )


def plain(value: Any) -> float:
    """Return a float32 as the decimal number that was meant.

    >>> plain(np.float32(0.1))
    0.1
    """
    short = float(str(np.float32(value)))
    return float(value) if abs(short - float(value)) > 1e-6 * abs(short) else short


def _floats(tree: Mapping[str, Any] | None) -> Tree:
    return {
        n: _floats(a) if isinstance(a, Mapping) else np.ascontiguousarray(a, np.float32)
        for n, a in (tree or {}).items()
    }
