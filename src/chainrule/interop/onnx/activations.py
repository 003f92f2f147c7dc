"""Activations: one operator each, or its definition where the chosen opset lacks it."""

from __future__ import annotations

from math import copysign, inf, pi, sqrt

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading, plain
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import (
    ELU,
    GELU,
    SELU,
    Clip,
    Identity,
    LeakyReLU,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    Scale,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from chainrule.layers.base import Layer
from chainrule.layers.rectifiers import ALPHA, SCALE

# Those without a parameter, entry by entry: the operator of each.
SIMPLE: dict[type[Layer], str] = {
    Identity: "Identity",
    ReLU: "Relu",
    Sigmoid: "Sigmoid",
    Tanh: "Tanh",
    Softplus: "Softplus",
    Softsign: "Softsign",
}
MISH_SINCE, GELU_SINCE = 18, 20
FURTHEST = 3.4e38  # what float32 can hold: files write it for no bound


@writes(*SIMPLE)
def write_simple(at: Place, x: Tensor) -> Tensor:
    """One operator of the same name."""
    return at.node(SIMPLE[type(at.layer)], x)


@writes(LeakyReLU)
def write_leaky_relu(at: Place, x: Tensor) -> Tensor:
    """Write the slope as an attribute."""
    return at.node("LeakyRelu", x, alpha=float(at.layer.slope))


@writes(ELU)
def write_elu(at: Place, x: Tensor) -> Tensor:
    """α is an attribute."""
    return at.node("Elu", x, alpha=float(at.layer.alpha))


@writes(SELU)
def write_selu(at: Place, x: Tensor) -> Tensor:
    """ONNX has the same constants, in float32, by default."""
    return at.node("Selu", x)


@writes(Clip)
def write_clip(at: Place, x: Tensor) -> Tensor:
    """Both bounds are inputs."""
    bounds = (at.constant(name, getattr(at.layer, name)) for name in ("low", "high"))
    return at.node("Clip", x, *bounds)


@writes(PReLU)
def write_prelu(at: Place, x: Tensor) -> Tensor:
    """One slope, or one for each channel, which ONNX aligns from the right."""
    places = (1,) * (len(x.shape) - 1) if x.channels_first and not at.layer.shared else ()
    return at.node("PRelu", x, at.weight("a", lambda a: a.reshape(-1, *places)))


@writes(SiLU)
def write_silu(at: Place, x: Tensor) -> Tensor:
    """X σ(x)."""
    return at.node("Mul", x, at.node("Sigmoid", x))


@writes(Mish)
def write_mish(at: Place, x: Tensor) -> Tensor:
    """X tanh(softplus(x))."""
    if at.opset >= MISH_SINCE:
        return at.node("Mish", x)
    return at.node("Mul", x, at.node("Tanh", at.node("Softplus", x)))


@writes(GELU)
def write_gelu(at: Place, x: Tensor) -> Tensor:
    """½ x (1 + erf(x / √2)), or the approximation by tanh."""
    if at.opset >= GELU_SINCE:
        return at.node("Gelu", x, approximate="tanh" if at.layer.approximate else "none")
    one, half = at.constant("one", 1), at.constant("half", 0.5)
    if at.layer.approximate:
        cube = at.node("Mul", at.node("Mul", x, x), x)
        bent = at.node("Add", x, at.node("Mul", cube, at.constant("cubic", 0.044715)))
        inner = at.node("Tanh", at.node("Mul", bent, at.constant("slope", sqrt(2 / pi))))
    else:
        inner = at.node("Erf", at.node("Div", x, at.constant("root", sqrt(2))))
    return at.node("Mul", at.node("Mul", x, at.node("Add", inner, one)), half)


@writes(Softmax)
def write_softmax(at: Place, x: Tensor) -> Tensor:
    """Over the features, the last axis."""
    return at.node("Softmax", at.channels_last(x), axis=-1)


@writes(LogSoftmax)
def write_log_softmax(at: Place, x: Tensor) -> Tensor:
    """Over the features, the last axis."""
    return at.node("LogSoftmax", at.channels_last(x), axis=-1)


LAYER_OF = {op: layer for layer, op in SIMPLE.items() if layer is not Identity}


@reads(*LAYER_OF)
def read_simple(at: Reading) -> None:
    """Take the layer of the same name."""
    at.add(LAYER_OF[at.node.op]())


@reads("LeakyRelu")
def read_leaky_relu(at: Reading) -> None:
    """Take slopes of 0 to 1."""
    at.add(LeakyReLU(plain(at.attribute("alpha", 0.01))))


@reads("Elu")
def read_elu(at: Reading) -> None:
    """Take α above 0."""
    at.add(ELU(plain(at.attribute("alpha", 1.0))))


@reads("Selu")
def read_selu(at: Reading) -> None:
    """Take γ ELU(α), and the paper's constants as SELU."""
    alpha, gamma = at.attribute("alpha", ALPHA), at.attribute("gamma", SCALE)
    if np.allclose([alpha, gamma], [ALPHA, SCALE], rtol=1e-6):
        at.add(SELU())
        return
    at.add(ELU(plain(alpha)))
    at.add(Scale(plain(gamma)))


@reads("Clip")
def read_clip(at: Reading) -> None:
    """Take two bounds; 0 alone is ReLU, and no bounds are nothing."""
    low, high = (
        plain(at.constant(i).item()) if at.has(i) else plain(at.attribute(name, default))
        for i, name, default in ((1, "min", -inf), (2, "max", inf))
    )
    low, high = (copysign(inf, n) if abs(n) >= FURTHEST else n for n in (low, high))
    if high == inf and low in (0, -inf):
        if low == 0:
            at.add(ReLU())
        return
    at.add(Clip(low, high))


@reads("PRelu")
def read_prelu(at: Reading) -> None:
    """Take one slope, or one for each channel."""
    a = at.constant(1)
    if a.size == 1:
        at.add(PReLU(shared=True), {"a": a.reshape(1)})
        return
    axis = at.varying_axis(a)
    at.track.last(axis)
    at.add(PReLU(), {"a": a.reshape(-1)})


@reads("Swish")
def read_swish(at: Reading) -> None:
    """Take x σ(α x) = SiLU(α x) / α."""
    alpha = plain(at.attribute("alpha", 1.0))
    if alpha == 1:
        at.add(SiLU())
        return
    for layer in (Scale(alpha), SiLU(), Scale(1 / alpha)):
        at.add(layer)


@reads("Mish")
def read_mish(at: Reading) -> None:
    """Take the layer of the same name."""
    at.add(Mish())


@reads("Gelu")
def read_gelu(at: Reading) -> None:
    """Take exact, or by tanh."""
    at.add(GELU(at.attribute("approximate", "none") == "tanh"))


@reads("Softmax", "LogSoftmax")
def read_softmax(at: Reading) -> None:
    """Take it over one axis, which becomes the last one."""
    rank = len(at.track.sizes) + 1
    axis = at.attribute("axis", -1 if at.opset >= 13 else 1) % rank
    if axis == 0:
        raise at.refused("over the samples (axis 0)")
    if at.opset < 13 and axis != rank - 1:  # then all axes from there on count as one
        raise at.refused(f"over the axes from {axis} on (opset {at.opset})")
    at.track.last(axis)
    at.add(Softmax() if at.node.op == "Softmax" else LogSoftmax())
