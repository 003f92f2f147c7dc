"""An ONNX file as a graph: every claim that it makes is checked, and nothing in it is executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.interop.onnx.constants import folded
from chainrule.interop.onnx.graph import Graph, Node, Port
from chainrule.interop.onnx.proto import onnx_library
from chainrule.interop.onnx.spellings import respelt
from chainrule.namespace import Array

OLDEST = 7
ROUNDS = 50  # of computing shapes from computed sizes
LONG = np.zeros(64)  # more entries than a shape has


def read_file(path: Path) -> Graph:
    """Return the graph in a file; raise ModelFileError for one that is damaged or unsafe."""
    onnx = onnx_library()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror or error}") from None
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception:  # protobuf's own class differs from version to version
        raise ModelFileError(f"{path} is no ONNX file, or is damaged") from None
    if not model.graph.node or not model.opset_import:
        raise ModelFileError(f"{path} is no ONNX file, or is cut off: it has no nodes")
    try:
        return to_graph(onnx, model, path.parent)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def to_graph(onnx: Any, model: Any, folder: Path) -> Graph:
    """Return a file's content as a graph, with all that is constant computed."""
    newest = onnx.defs.onnx_opset_version()
    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    opset = max(versions, default=newest)  # without one, no operator is of that domain
    if not OLDEST <= opset <= newest:
        raise ModelFileError(f"opset {opset} is not known here: from {OLDEST} to {newest}")
    for tensor in _tensors(model):
        _fetch_external(onnx, tensor, folder)
    try:
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        onnx.checker.check_model(model)
    except Exception as error:
        raise ModelFileError(f"ONNX's checker says: {str(error).splitlines()[0]}") from None
    graph = Graph(opset, producer=model.producer_name)
    graph.metadata = {entry.key: entry.value for entry in model.metadata_props}
    graph.constants = {t.name: _array(onnx, t) for t in model.graph.initializer}
    graph.inputs = [_port(p) for p in model.graph.input if p.name not in graph.constants]
    graph.outputs = [_port(p) for p in model.graph.output]
    for i, node in enumerate(model.graph.node):
        _take(onnx, graph, node, i)
    graph.raw = replace(graph, nodes=list(graph.nodes), constants=dict(graph.constants))
    rounds = 0
    while folded(graph, _shapes(onnx, model)) and rounds < ROUNDS:
        if not any(node.op == "Shape" for node in graph.nodes):
            break
        _tell(onnx, model, graph)  # computed pads and sizes give the next shapes
        rounds += 1
    respelt(graph)
    return graph


def _tensors(model: Any) -> Iterator[Any]:
    """Yield all weights: of the graph, and those that nodes hold themselves."""
    yield from model.graph.initializer
    for part in (model.graph, *model.functions):
        for node in part.node:
            for attribute in node.attribute:
                yield from (attribute.t, *attribute.tensors)


def _take(onnx: Any, graph: Graph, node: Any, i: int) -> None:
    attributes = {}
    for a in node.attribute:
        value = onnx.helper.get_attribute_value(a)
        if a.type == onnx.AttributeProto.TENSOR:
            value = _array(onnx, value)
        attributes[a.name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if node.op_type == "Constant":
        value = next(iter(attributes.values()), None)
        if isinstance(value, np.ndarray | int | float | list):
            kind = np.int64 if _whole(value) else np.float32
            array = value if isinstance(value, np.ndarray) else np.asarray(value, kind)
            graph.constants[node.output[0]] = array
            return
    name = node.name or f"{node.op_type}_{i}"
    graph.nodes.append(
        Node(node.op_type, tuple(node.input), tuple(node.output), attributes, name, node.domain)
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, list) and isinstance(value[:1], list)
                                      and all(isinstance(v, int) for v in value))  # fmt: skip


def _shapes(onnx: Any, model: Any) -> dict[str, tuple[int | None, ...]]:
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # then shapes are not known beforehand, and nodes that ask are refused
        inferred = model.graph
    ports = [_port(p) for p in (*inferred.input, *inferred.value_info, *inferred.output)]
    return {
        p.name: tuple(n if isinstance(n, int) else None for n in p.shape)
        for p in ports
        if p.shape is not None
    }


def _tell(onnx: Any, model: Any, graph: Graph) -> None:
    """Put what was computed, small as shapes are, into the file's own graph as constants."""
    known = {t.name for t in model.graph.initializer}
    nodes = [n for n in model.graph.node if n.op_type != "Constant" and len(n.output) == 1]
    small = [n for n in nodes if graph.constants.get(n.output[0], LONG).size < LONG.size]
    for node in small:
        name = node.output[0]
        model.graph.node.remove(node)
        if name not in known:
            array = np.asarray(graph.constants[name])
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))


def _port(value: Any) -> Port:
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        return Port(value.name, "", None)
    sizes = [
        d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in kind.shape.dim
    ]
    name = {1: "float32", 7: "int64", 10: "float16", 11: "float64"}.get(kind.elem_type, "other")
    return Port(value.name, name, tuple(sizes) if kind.HasField("shape") else None)


def _array(onnx: Any, tensor: Any) -> Array:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:  # onnx itself would look anywhere
        raise ModelFileError(f'the weights "{tensor.name}" lie in another file: not read')
    try:
        array = np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception as error:
        raise ModelFileError(f'the weights "{tensor.name}" are damaged: {error}') from None
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _fetch_external(onnx: Any, tensor: Any, folder: Path) -> None:
    """Read a tensor's bytes from a file of its own, which must lie in the model's folder."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    facts = {entry.key: entry.value for entry in tensor.external_data}
    name, what = facts.get("location", ""), f'the weights "{tensor.name}"'
    place = (folder / name).resolve()
    if not name or not place.is_relative_to(folder.resolve()):
        raise ModelFileError(f"{what} lie outside of the model's folder, at {name!r}: not read")
    try:
        start, count = int(facts.get("offset", 0)), int(facts.get("length", -1))
        with place.open("rb") as file:
            whole = file.seek(0, 2)
            file.seek(start)
            content = file.read(count if count < whole else -1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{what} should be in {name!r}: {reason}") from None
    if count >= 0 and len(content) != count:
        raise ModelFileError(f"{what}: {name!r} holds {len(content):,} of their {count:,} bytes")
    tensor.raw_data = content
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]
