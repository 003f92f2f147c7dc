"""Writing a model as an ONNX file, and showing that it computes the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.inputs import as_samples
from chainrule.interop.onnx.parity import Parity, compare
from chainrule.interop.onnx.proto import to_bytes
from chainrule.interop.onnx.writing import USUAL, to_graph
from chainrule.layers import Embedding, OneHot
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.storage import write_atomically

MADE_UP = 64


@dataclass(frozen=True)
class Export:
    """What was written, and the comparison with onnxruntime (None where that is not installed)."""

    path: Path
    size: int
    opset: int
    nodes: int
    outputs: tuple[str, ...]
    parity: Parity | None

    def __str__(self) -> str:
        beside = "onnxruntime is not installed: not compared"
        return (
            f"{self.path}: {self.size:,} bytes, {self.nodes} nodes, opset {self.opset}, "
            f"X -> {', '.join(self.outputs)}\n{self.parity or beside}"
        )


def export_onnx(model: Model, path: str | Path, x: Any = None, opset: int = USUAL) -> Export:
    """Write `model` to an ONNX file and compare it with onnxruntime; see `Model.export_onnx`."""
    graph = to_graph(model, opset)
    content = to_bytes(graph)
    assert model.built is not None
    X = made_up(model) if x is None else as_samples(x, model.built.input_shape)
    parity = compare(model, content, X)
    path = Path(path)
    write_atomically(path, content)
    outputs = tuple(port.name for port in graph.outputs)
    return Export(path, len(content), opset, len(graph.nodes), outputs, parity)


def made_up(model: Model, rows: int = MADE_UP) -> Array:
    """Return samples to compare on where none are given: numbers in (−1, 1), or whole ones."""
    assert model.built is not None
    shape = (rows, *model.built.input_shape)
    numbers = Rng(0, rows=np.arange(rows, dtype=np.uint32)).uniform(shape)
    tokens = [p.layer.tokens for p in model.built.places if isinstance(p.layer, Embedding)]
    if tokens:
        return np.floor(numbers * min(tokens)).astype(np.float32)
    categories = [p.layer.categories for p in model.built.places if isinstance(p.layer, OneHot)]
    if categories:
        return np.floor(numbers * max(categories)).astype(np.float32)
    return (2 * numbers - 1).astype(np.float32)
