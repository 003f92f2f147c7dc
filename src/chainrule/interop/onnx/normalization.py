"""Normalization over a batch or a sample."""

from __future__ import annotations

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import BatchNorm, Dropout, LayerNorm

LAYER_NORM_SINCE, DROPOUT_RATIO_SINCE, MEAN_AXES_SINCE = 17, 12, 18


@writes(BatchNorm)
def write_batch_norm(at: Place, x: Tensor) -> Tensor:
    """With the running mean and variance; ONNX's momentum is the weight of the old value."""
    names = [at.weight(name) for name in ("gamma", "beta", "mean", "variance")]
    x = at.channels_first(x)
    options = {"epsilon": float(at.layer.eps), "momentum": 1 - at.layer.momentum}
    return at.node("BatchNormalization", x, *names, **options)


@writes(LayerNorm)
def write_layer_norm(at: Place, x: Tensor) -> Tensor:
    """Over the last axis; spelt out before opset 17."""
    x, eps = at.channels_last(x), float(at.layer.eps)
    gamma, beta = at.weight("gamma"), at.weight("beta")
    if at.opset >= LAYER_NORM_SINCE:
        return at.node("LayerNormalization", x, gamma, beta, axis=-1, epsilon=eps)
    centred = at.node("Sub", x, at.node("ReduceMean", x, axes=[-1]))
    v = at.node("ReduceMean", at.node("Mul", centred, centred), axes=[-1])
    root = at.node("Sqrt", at.node("Add", v, at.constant("eps", eps)))
    scaled = at.node("Mul", at.node("Div", centred, root), gamma)
    return at.node("Add", scaled, beta)


@writes(Dropout)
def write_dropout(at: Place, x: Tensor) -> Tensor:
    """Pass through in inference; the rate is kept for whoever trains on."""
    if at.opset < DROPOUT_RATIO_SINCE:
        return at.node("Dropout", x, ratio=float(at.layer.rate))
    return at.node("Dropout", x, at.constant("ratio", at.layer.rate))
