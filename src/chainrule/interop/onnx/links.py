"""What follows the network: from its outputs to predictions, by the loss's own link."""

from __future__ import annotations

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import links
from chainrule.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    CustomLoss,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    StandardizedSquaredError,
)


@links(SoftmaxCrossEntropy)
def softmax(at: Place, z: Tensor) -> Tensor:
    """Probabilities from logits."""
    return at.node("Softmax", z, axis=-1)


@links(SigmoidCrossEntropy)
def sigmoid(at: Place, z: Tensor) -> Tensor:
    """Make a probability from each logit."""
    return at.node("Sigmoid", z)


@links(KLDivergence, Poisson)
def exponential(at: Place, z: Tensor) -> Tensor:
    """Probabilities, or counts, from their logarithms."""
    return at.node("Exp", z)


@links(
    SquaredError, AbsoluteError, Huber, LogCosh, CrossEntropy, BinaryCrossEntropy, Hinge, CustomLoss
)
def identity(at: Place, z: Tensor) -> Tensor:
    """Hand on the outputs: they are the predictions."""
    return at.node("Identity", z)


@links(StandardizedSquaredError)
def own_scale(at: Place, z: Tensor) -> Tensor:
    """Bring the outputs back to the targets' own scale."""
    scaled = at.node("Mul", z, at.constant("spread", at.layer.spread))
    return at.node("Add", scaled, at.constant("shift", at.layer.shift))
