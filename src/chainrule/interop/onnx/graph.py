"""A graph of ONNX nodes as plain values, so that only `proto.py` knows the file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chainrule.namespace import Array


class Node(NamedTuple):
    """One operator: the names of its inputs and outputs, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    name: str = ""
    domain: str = ""
    remark: str = ""

    def __str__(self) -> str:
        return f'{self.op} node "{self.name or self.outputs[0]}"'


class Port(NamedTuple):
    """An input or an output of the graph; a size that is not fixed is a name or None."""

    name: str
    kind: str
    shape: tuple[int | str | None, ...] | None


@dataclass
class Graph:
    """Nodes in the order in which they are executed, and the constants that they use."""

    opset: int
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    producer: str = ""
    raw: Graph | None = None  # as it stands in the file, before constants are computed

    def rename(self, old: str, new: str) -> None:
        """Give a tensor that a node makes another name."""
        self.nodes = [
            node._replace(
                inputs=tuple(new if name == old else name for name in node.inputs),
                outputs=tuple(new if name == old else name for name in node.outputs),
            )
            for node in self.nodes
        ]
