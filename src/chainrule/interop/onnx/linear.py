"""Dense layers: Gemm, or MatMul and Add."""

from __future__ import annotations

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import Dense


@writes(Dense)
def write_dense(at: Place, x: Tensor) -> Tensor:
    """Y = X W + b."""
    return at.node("Gemm", x, at.weight("W"), at.weight("b"), shape=(at.layer.units,))
