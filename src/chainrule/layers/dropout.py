"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Dropout(Layer):
    """In training, each entry is 0 with probability `rate`, and divided by 1 − rate otherwise.

        Y = mask ⊙ X,    dX = mask ⊙ dY,    mask = 0 or 1 / (1 − rate)

    So the mean stays what it was, and inference passes X through. The mask is a function of seed,
    step, place in the network and sample: the same on every engine and after resuming. Source:
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, JMLR 15 (2014), inverted.

    >>> import numpy as np
    >>> from chainrule.randomness import Rng
    >>> ctx = Context(training=True, rng=Rng(0, rows=np.arange(1)))
    >>> Dropout(0.5).forward({}, np.ones((1, 8)), ctx)[0]
    array([[0., 2., 0., 2., 2., 0., 2., 0.]])
    >>> Dropout(0.5).forward({}, np.ones((1, 3)))[0]
    array([[1., 1., 1.]])
    """

    rate: float = 0.5
    formulas = Formulas(forward={"Y": "mask * X"}, backward={"dX": "mask * dY"})

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise ConfigurationError(f"Dropout: rate must be in [0, 1), got {self.rate!r}")

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        if not (ctx.training and self.rate):
            return X, {"mask": xp.ones((), X.dtype)}
        if ctx.rng is None:
            raise ConfigurationError(
                "Dropout in training draws a mask: pass Context(training=True, rng=Rng(seed))"
            )
        kept = ctx.rng.uniform(X.shape) >= self.rate
        mask = kept.astype(X.dtype) / (1 - self.rate)
        return X * mask, {"mask": mask}

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY * cache["mask"], {}
