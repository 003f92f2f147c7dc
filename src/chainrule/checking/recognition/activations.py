"""The activations that are tried when the code's own is to be recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.derivation import Function
from chainrule.layers.activations import ReLU, Sigmoid, Tanh


@dataclass(frozen=True)
class Activation:
    """`forward` and `backward` are formulas in the letters x, y, dy; `name` the function's."""

    name: str
    forward: str
    backward: str
    functions: Mapping[str, Function] = field(default_factory=dict)
    elementwise: bool = True
    symbol: str = ""


def _plain(name: str, function: Function) -> Activation:
    return Activation(
        name, f"{name}(x)", f"dy * d_{name}(x)", {name: function}, True, function.unicode
    )


FUNCTIONS: dict[str, Function] = {
    "sigmoid": Sigmoid.formulas.functions["sigmoid"],
    "tanh": Tanh.formulas.functions["tanh"],
    "relu": ReLU.formulas.functions["relu"],
    "elu": Function("where(x > 0, x, exp(x) - 1)", "where(x > 0, 1, a + 1)", "ELU", "ELU"),
    "softplus": Function("log(1 + exp(x))", "1 / (1 + exp(-x))", "softplus", "softplus"),
    "leaky_01": Function("where(x > 0, x, 0.01 * x)", "where(x > 0, 1, 0.01)", "LeakyReLU", ""),
    "leaky_1": Function("where(x > 0, x, 0.1 * x)", "where(x > 0, 1, 0.1)", "LeakyReLU", ""),
    "leaky_2": Function("where(x > 0, x, 0.2 * x)", "where(x > 0, 1, 0.2)", "LeakyReLU", ""),
    "exponential": Function("exp(x)", "a", "exp", r"\exp"),
}

SOFTMAX = "y * (dy - feature_sum(dy * y))"

ACTIVATIONS: list[Activation] = [
    Activation("identity", "x", "dy"),
    *(_plain(name, function) for name, function in FUNCTIONS.items()),
    Activation("softmax", "softmax(x)", SOFTMAX, elementwise=False, symbol="softmax"),
    Activation(
        "softmax over the samples",
        "exp(x) / batch_sum(exp(x))",
        "y * (dy - batch_sum(dy * y))",
        elementwise=False,
        symbol="softmax",
    ),
    Activation("square", "x * x", "dy * x + dy * x", symbol="square"),
    Activation(
        "x plus sigmoid",
        "x + sigmoid(x)",
        "dy + dy * d_sigmoid(x)",
        {"sigmoid": FUNCTIONS["sigmoid"]},
        symbol="x + σ",
    ),
    Activation(
        "x plus tanh",
        "x + tanh(x)",
        "dy + dy * d_tanh(x)",
        {"tanh": FUNCTIONS["tanh"]},
        symbol="x + tanh",
    ),
    Activation(
        "x plus relu",
        "x + relu(x)",
        "dy + dy * d_relu(x)",
        {"relu": FUNCTIONS["relu"]},
        symbol="x + ReLU",
    ),
    Activation(
        "swish",
        "x * sigmoid(x)",
        "dy * sigmoid(x) + dy * x * d_sigmoid(x)",
        {"sigmoid": FUNCTIONS["sigmoid"]},
        symbol="swish",
    ),
    Activation(
        "x times tanh",
        "x * tanh(x)",
        "dy * tanh(x) + dy * x * d_tanh(x)",
        {"tanh": FUNCTIONS["tanh"]},
        symbol="x·tanh",
    ),
]
BY_NAME = {activation.name: activation for activation in ACTIVATIONS}
HIDDEN = ("sigmoid", "tanh", "relu", "identity", "leaky_01", "leaky_1", "softmax")
