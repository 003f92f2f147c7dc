"""Activations: one operator each, or its definition where the chosen opset lacks it."""

from __future__ import annotations

from math import pi, sqrt

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import (
    ELU,
    GELU,
    SELU,
    Identity,
    LeakyReLU,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from chainrule.layers.base import Layer

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
