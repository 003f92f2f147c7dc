"""Losses: how far the network's output is from the target, and which way it should move.

    value, dZ = loss(Z, targets, weights)

`weights` (m,) say how much each sample counts. Left out, they are 1/m each with
`reduction="mean"` (so the value is J = 1/m Σ L) and 1 each with `reduction="sum"`. Whoever cuts
a batch into shards passes each shard its part of the whole batch's weights; values and gradients
then simply add up. In the formulas `w` is that column of weights, Y the target, L the loss of
each sample and J the value that is minimised.
"""

from chainrule.losses.base import Loss, one_hot
from chainrule.losses.classes import CrossEntropy, KLDivergence, SoftmaxCrossEntropy
from chainrule.losses.custom import CustomLoss
from chainrule.losses.flags import BinaryCrossEntropy, Hinge, SigmoidCrossEntropy
from chainrule.losses.regression import (
    AbsoluteError,
    Huber,
    LogCosh,
    Poisson,
    SquaredError,
    StandardizedSquaredError,
)

__all__ = [
    "AbsoluteError",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "CustomLoss",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "Poisson",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "StandardizedSquaredError",
    "one_hot",
]
