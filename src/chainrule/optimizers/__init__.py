"""Optimizers: how a gradient becomes a step. Pure functions, one rule per parameter.

    state = optimizer.init(params)
    params, state = optimizer.update(params, gradients, state, step)

`rule` is the paper's algorithm in the paper's symbols: p the parameter, g = ∂L/∂p, t the count of
updates from 1, and the optimizer's own averages in `slots`. Parameters without a gradient
(held fixed) stay as they are.
"""

from chainrule.optimizers.adam import Adam, AdamW, NAdam, RAdam
from chainrule.optimizers.adaptive import AdaDelta, AdaGrad, RMSProp
from chainrule.optimizers.base import Optimizer, Rule
from chainrule.optimizers.bounding import Clipped, Decayed, MaxNorm
from chainrule.optimizers.classic import AdamEpsilonHat, Momentum
from chainrule.optimizers.descent import SGD
from chainrule.optimizers.pacing import Accumulated, Averaged

__all__ = [
    "SGD",
    "Accumulated",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamEpsilonHat",
    "AdamW",
    "Averaged",
    "Clipped",
    "Decayed",
    "MaxNorm",
    "Momentum",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "Rule",
]
