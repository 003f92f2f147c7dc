"""Losses in PyTorch and Keras: one table, as the sum over a batch of what each sample costs.

Y are class numbers (m,) for classes, else (m, outputs).
"""

from __future__ import annotations

import re

from chainrule.errors import ConfigurationError
from chainrule.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Loss,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    StandardizedSquaredError,
)

# Of Z and Y; what is in braces depends on the loss's own numbers.
SUMS: dict[type[Loss], str] = {
    SoftmaxCrossEntropy: "-sum({smoothed} * log_softmax(Z))",
    CrossEntropy: "-sum(one_hot(Y) * log(Z))",
    KLDivergence: "-sum(one_hot(Y) * Z)",
    SigmoidCrossEntropy: "sum(softplus(Z) - Y * Z)",
    BinaryCrossEntropy: "-sum(Y * log(Z) + (1 - Y) * log(1 - Z))",
    Hinge: "sum(relu(1 - (2 * Y - 1) * Z))",
    SquaredError: "sum((Z - Y) ** 2){each}",
    StandardizedSquaredError: "sum((Z - (Y - {shift}) / {spread}) ** 2) / 2",
    AbsoluteError: "sum(abs(Z - Y)){each}",
    Huber: "sum({cut} * (Z - Y - 0.5 * {cut}))",
    LogCosh: "sum(Z - Y + softplus(2 * (Y - Z)) - log_2)",
    Poisson: "sum(exp(Z) - Y * Z)",
}


def loss_code(loss: Loss, target: str) -> str:
    """Return a function `loss(Z, Y)` as code; raise ConfigurationError for a loss of your own."""
    if type(loss) not in SUMS:
        raise ConfigurationError(f"{loss!r} has no {target} code: it is no loss of chainrule's own")
    if target == "torch" and isinstance(loss, SoftmaxCrossEntropy):  # which has a word for it
        smooth = f", label_smoothing={loss.smoothing!r}" if loss.smoothing else ""
        value = f'F.cross_entropy(Z, Y{smooth}, reduction="{loss.reduction}")'
        return _function(loss, value)
    s = getattr(loss, "smoothing", 0.0)
    smoothed = f"({1 - s!r} * one_hot(Y) + {s!r} / Z.shape[1])" if s else "one_hot(Y)"
    each = {"half": " / 2", "mean": " / Z.shape[1]"}.get(getattr(loss, "scale", ""), "")
    text = SUMS[type(loss)]
    text = text.replace("{smoothed}", smoothed).replace("{each}", each)
    if isinstance(loss, StandardizedSquaredError):
        text = text.format(shift=repr(loss.shift), spread=repr(loss.spread))
    if isinstance(loss, Huber):
        text = text.replace("{cut}", f"clip(Z - Y, {-loss.delta!r}, {loss.delta!r})")
    mean = " / len(Z)" if target == "torch" else " / Z.shape[0]"
    value = f"({text}){mean}" if loss.reduction == "mean" else text
    value = value.replace("log_2", "0.6931471805599453")
    return _function(loss, _words(value, target))


def _function(loss: Loss, value: str) -> str:
    return (
        f"def loss(Z, Y):\n"
        f'    """Return {type(loss).__name__} of outputs Z for targets Y."""\n'
        f"    return {value}\n"
    )


def _words(text: str, target: str) -> str:
    """Return the expression in a framework's own words."""
    library = {"torch": "torch", "keras": "keras.ops"}[target]
    functional = {"torch": "F", "keras": "keras.ops"}[target]
    axis = {"torch": "dim=-1", "keras": "axis=-1"}[target]
    classes = "Z.shape[1]"
    text = text.replace("log_softmax(Z)", f"{functional}.log_softmax(Z, {axis})")
    text = text.replace("one_hot(Y)", f"{functional}.one_hot(Y, {classes})")
    text = re.sub(r"(?<![\w.])(softplus|relu)\(", rf"{functional}.\1(", text)
    return re.sub(r"(?<![\w.])(sum|log|exp|abs|clip)\(", rf"{library}.\1(", text)
