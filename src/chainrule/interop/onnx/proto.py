"""A graph as the bytes of an ONNX file."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.interop.onnx.graph import Graph, Port

LARGEST = 2**31 - 2**20  # of one protobuf message


def onnx_library() -> Any:
    """Return the onnx package; raise MissingExtraError where it is not installed."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'ONNX files need the onnx package: pip install "chainrule[onnx]" ({error})'
        ) from None
    return onnx


def to_bytes(graph: Graph) -> bytes:
    """Return the file's content, approved by ONNX's own checker."""
    onnx = onnx_library()
    size = sum(array.nbytes for array in graph.constants.values())
    if size > LARGEST:
        raise ConfigurationError(f"{size:,} bytes of weights: one ONNX file holds up to 2 GB")
    nodes = [
        onnx.helper.make_node(
            n.op, n.inputs, n.outputs, n.name, n.remark, n.domain or None, **n.attributes
        )
        for n in graph.nodes
    ]
    weights = [onnx.numpy_helper.from_array(a, name) for name, a in graph.constants.items()]
    ports = [[_port(onnx, p) for p in side] for side in (graph.inputs, graph.outputs)]
    body = onnx.helper.make_graph(nodes, "chainrule", *ports, weights)
    opset = [onnx.helper.make_opsetid("", graph.opset)]
    model = onnx.helper.make_model(
        body,
        opset_imports=opset,
        ir_version=8 if graph.opset <= 18 else 10,
        producer_name="chainrule",
        producer_version=graph.producer.rpartition(" ")[2],
    )
    onnx.helper.set_model_props(model, graph.metadata)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def _port(onnx: Any, port: Port) -> Any:
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(port.kind))
    return onnx.helper.make_tensor_value_info(port.name, kind, port.shape)
