"""What a writer sees: its layer, the layer's weights, and the graph that it adds nodes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.initializers import Shape
from chainrule.interop.onnx.graph import Graph, Node
from chainrule.layers.base import Layer
from chainrule.namespace import Array


class Tensor(NamedTuple):
    """A tensor of the graph. `shape` is that of one sample as chainrule has it, channels last."""

    name: str
    shape: Shape
    channels_first: bool = False


@dataclass(frozen=True)
class Place:
    """A layer with its weights, about to be written at its path.

    Weights keep the names that they have in the model ("0.W"), nodes are called by path and
    operator ("0/Gemm"), and what a layer gives is its Y ("0.Y").
    """

    graph: Graph
    path: str
    layer: Any
    arrays: Mapping[str, Any]
    owner: str

    def child(self, name: str, layer: Layer, arrays: Mapping[str, Any]) -> Place:
        """Return the place of a combinator's child."""
        path = f"{self.path}.{name}" if self.path else name
        owner = f"{self.owner}.{name}" if self.owner else name
        return replace(self, path=path, layer=layer, arrays=arrays, owner=owner)

    @property
    def opset(self) -> int:
        """The version of ONNX's operators that is written."""
        return self.graph.opset

    def weight(self, name: str, laid: Callable[[Array], Array] = lambda p: p) -> str:
        """Return the name of a parameter in the graph, with `laid` moving its entries about.

        `laid` may only rearrange, so that a reader can undo it.
        """
        whole = f"{self.owner}.{name}" if self.owner else name
        array = np.ascontiguousarray(laid(np.asarray(self.arrays[name])))
        self.graph.constants[whole] = array
        return whole

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        """Return the name of a constant that is no parameter."""
        whole = f"{self.path}/{name}"
        self.graph.constants[whole] = np.asarray(value, dtype)
        return whole

    def node(
        self,
        op: str,
        *inputs: Tensor | str,
        shape: Shape | None = None,
        channels_first: bool | None = None,
        **attributes: Any,
    ) -> Tensor:
        """Add a node and return its output; unless said otherwise, shaped like its first input."""
        given = [x for x in inputs if isinstance(x, Tensor)]
        like = given[0] if given else Tensor("", shape or ())
        taken = {node.name for node in self.graph.nodes}
        base = f"{self.path}/{op}" if self.path else op
        name = next(n for n in (base, *(f"{base}_{i}" for i in range(2, 99))) if n not in taken)
        names = tuple(x.name if isinstance(x, Tensor) else x for x in inputs)
        remark = repr(self.layer)
        self.graph.nodes.append(Node(op, names, (name,), attributes, name, "", remark))
        first = like.channels_first if channels_first is None else channels_first
        return Tensor(name, like.shape if shape is None else shape, first)

    def channels_first(self, x: Tensor) -> Tensor:
        """Return x with its channels before height and width, as ONNX's operators want them."""
        if x.channels_first or len(x.shape) < 2:
            return x._replace(channels_first=len(x.shape) > 1)
        rank = len(x.shape) + 1
        return self._transposed(x, (0, rank - 1, *range(1, rank - 1)), True)

    def channels_last(self, x: Tensor) -> Tensor:
        """Return x as chainrule has it."""
        if not x.channels_first:
            return x
        rank = len(x.shape) + 1
        return self._transposed(x, (0, *range(2, rank), 1), False)

    def _transposed(self, x: Tensor, perm: tuple[int, ...], first: bool) -> Tensor:
        back = tuple(int(i) for i in np.argsort(perm))
        for node in self.graph.nodes:
            turn = tuple(node.attributes.get("perm", ()))
            if node.inputs == (x.name,) and turn == perm:  # two branches may want the same
                return Tensor(node.outputs[0], x.shape, first)
            if node.outputs == (x.name,) and turn == back:  # it need not be turned back
                return Tensor(node.inputs[0], x.shape, first)
        return self.node("Transpose", x, channels_first=first, perm=list(perm))
