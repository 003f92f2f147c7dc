"""Normalization over a batch or a sample."""

from __future__ import annotations

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading, plain
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import BatchNorm, Dropout, Flatten, LayerNorm, Reshape

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


@reads("BatchNormalization")
def read_batch_norm(at: Reading) -> None:
    """Take it as in inference."""
    if at.attribute("training_mode", 0):
        raise at.refused("in training mode: export the model for inference")
    if not at.attribute("spatial", 1):
        raise at.refused("with spatial=0: one mean for each channel")
    gamma, beta, mean, variance = (at.constant(i) for i in range(1, 5))
    channels = at.track.sizes[0] if at.track.sizes else 0
    for p in (gamma, beta, mean, variance):
        at.require(p.shape == (channels,), f"{p.shape} numbers for {channels} channels")
    momentum = plain(1 - plain(at.attribute("momentum", 0.9)))
    layer = BatchNorm(min(max(momentum, 1e-6), 1.0), plain(at.attribute("epsilon", 1e-5)))
    at.track.last(1)
    at.add(layer, {"gamma": gamma, "beta": beta}, state={"mean": mean, "variance": variance})


@reads("LayerNormalization")
def read_layer_norm(at: Reading) -> None:
    """Take it over the last axes; several are made one, and taken apart again behind it."""
    track, rank = at.track, len(at.track.sizes) + 1
    axis = at.attribute("axis", -1) % rank
    if axis == 0:
        raise at.refused("over the samples (axis 0)")
    sizes = track.sizes[axis - 1 :]
    gamma = at.constant(1)
    beta = at.constant(2) if at.has(2) else np.zeros_like(gamma)
    at.require(gamma.shape == beta.shape == sizes, f"{gamma.shape} numbers for {sizes} features")
    eps = at.constant(3).item() if at.has(3) else at.attribute("epsilon", 1e-5)
    layer = LayerNorm(plain(eps))
    if axis == rank - 1:
        track.last(axis)
        at.add(layer, {"gamma": gamma, "beta": beta})
        return
    inner = [a for a in track.axes if a >= axis]  # in any order, as long as they stand last
    inner += [a for a in range(axis, rank) if a not in inner]
    track.arrange((*range(1, axis), *inner))
    order = [a - axis for a in inner]
    turned = {"gamma": gamma.transpose(order).ravel(), "beta": beta.transpose(order).ravel()}
    shape, axes, whole = track.shape, track.axes, track.sizes
    joined = (*whole[: axis - 1], gamma.size)
    at.add(Flatten() if axis == 1 else Reshape(joined), axes=range(1, axis + 1), sizes=joined)
    at.add(layer, turned)
    at.add(Reshape(shape), axes=axes, sizes=whole)


@reads("Dropout")
def read_dropout(at: Reading) -> None:
    """Take a second output, the mask, has no layer."""
    if any(at.used(name) for name in at.node.outputs[1:]):
        raise at.refused("with its mask in use")
    rate = at.constant(1).item() if at.has(1) else at.attribute("ratio", 0.5)
    if rate and at.has(2) and bool(at.constant(2).any()):
        raise at.refused("in training mode: export the model for inference")
    at.add(Dropout(plain(rate)))
