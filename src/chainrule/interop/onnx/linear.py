"""Dense layers: Gemm, or MatMul and Add."""

from __future__ import annotations

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import Conv1D, Conv2D, Dense, Flatten
from chainrule.namespace import Array


@writes(Dense)
def write_dense(at: Place, x: Tensor) -> Tensor:
    """Y = X W + b."""
    return at.node("Gemm", x, at.weight("W"), at.weight("b"), shape=(at.layer.units,))


@reads("Gemm")
def read_gemm(at: Reading) -> None:
    """Take Y = α A B + β C, with A the samples; α, β and a transposed B go into the weights."""
    if at.attribute("transA", 0):
        raise at.refused("with transA=1: samples must be rows")
    W = at.constant(1)
    W = W.T if at.attribute("transB", 0) else W
    if W.ndim != 2:
        raise at.refused(f"with weights of shape {W.shape}: expected two axes")
    b = at.constant(2) if at.has(2) else np.zeros(1, W.dtype)
    if b.ndim > 2 or b.size not in (1, W.shape[1]):
        raise at.refused(f"with a bias of shape {b.shape} for {W.shape[1]} units: one a unit")
    W = _times(W, at.attribute("alpha", 1.0))
    b = np.broadcast_to(_times(b, at.attribute("beta", 1.0)).reshape(-1), W.shape[1:])
    dense(at, W, b)


@reads("MatMul")
def read_matmul(at: Reading) -> None:
    """Take Y = X W, without a bias until an Add brings one."""
    if at.data_input != 0:
        raise at.refused("with its weights on the left: samples must be rows")
    W = at.constant(1)
    if W.ndim == 1:  # one unit, whose axis is left out
        dense(at, W[:, None], np.zeros(1, W.dtype))
        at.track.reshape(at.track.sizes[:-1], Flatten())
        return
    if W.ndim != 2:
        raise at.refused(f"with weights of shape {W.shape}: expected (inputs, units)")
    dense(at, W, np.zeros(W.shape[1], W.dtype), open_to_bias=True)


def dense(at: Reading, W: Array, b: Array, open_to_bias: bool = False) -> None:
    """Add a Dense layer, or a convolution of size 1 where it stands on each place of a sample."""
    track, rank = at.track, len(at.track.sizes)
    if rank in (2, 3):
        track.last(rank)
        at.require(W.shape[0] == track.shape[-1], f"weights {W.shape} for {track.shape}")
        layer = (Conv1D if rank == 2 else Conv2D)(W.shape[1], 1)
        at.add(layer, {"W": W, "b": b}, (*track.axes,), open_to_bias)
        return
    at.require(rank == 1, f"samples of shape {track.sizes}: a Dense layer takes rows")
    at.require(W.shape[0] == track.sizes[0], f"weights {W.shape} for {track.sizes[0]} inputs")
    W = W if track.order is None else W[track.order]  # flattened with other axes in front
    track.order = None
    at.add(Dense(W.shape[1]), {"W": W, "b": b}, (1,), open_to_bias)


def _times(p: Array, factor: float) -> Array:
    return p if factor == 1 else (p * factor).astype(p.dtype)
