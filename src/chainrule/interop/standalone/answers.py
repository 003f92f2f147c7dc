"""What an exported network answers with: the loss's link to predictions, and the classes' names."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.bound import Bound
from chainrule.errors import ConfigurationError
from chainrule.losses import (
    KLDivergence,
    Loss,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    StandardizedSquaredError,
)
from chainrule.targets import Targets

# By the class that states `predictions`; its subclasses have the same.
LINKS: dict[type, str] = {
    Loss: "",
    SoftmaxCrossEntropy: "softmax",
    SigmoidCrossEntropy: "sigmoid",
    KLDivergence: "exp",
    Poisson: "exp",
    StandardizedSquaredError: "scale",
}


def link_of(loss: Loss) -> str:
    """Return the name of the function that makes predictions of Z; "" where it is Z itself.

    Raises ConfigurationError for a loss of your own with a link of its own.

    >>> import chainrule as cr
    >>> link_of(cr.SoftmaxCrossEntropy()), link_of(cr.SquaredError())
    ('softmax', '')
    """
    owner = next(c for c in type(loss).__mro__ if "predictions" in vars(c))
    if owner not in LINKS:
        raise ConfigurationError(
            f"{loss!r} has a `predictions` of its own, which cannot be exported: known are those "
            f"of {', '.join(c.__name__ for c in LINKS)}"
        )
    return LINKS[owner]


@dataclass(frozen=True)
class Answers:
    """`kind` is "labels", "flags" or "values"; a flag is 1 above `threshold` of Z.

    The link "scale" is Z · spread + shift.
    """

    kind: str
    outputs: int
    classes: tuple[str, ...]
    flat: bool
    link: str
    threshold: float
    shift: float = 0.0
    spread: float = 1.0


def answers_of(model: Bound) -> Answers:
    """Return what a model's answers are."""
    loss = model.trained_loss
    assert model.built is not None
    (outputs,) = model.built.output_shape
    targets = model.targets or Targets.assumed(loss, outputs, model.classes)
    classes = () if targets.kind == "values" else tuple(map(str, targets.classes or ()))
    scale = (0.0, 1.0)
    if isinstance(loss, StandardizedSquaredError):
        scale = float(loss.shift), float(loss.spread)
    return Answers(
        targets.kind, outputs, classes, targets.flat, link_of(loss), float(loss.threshold), *scale
    )
