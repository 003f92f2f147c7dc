"""Two rules in the form that other libraries keep them in, for curves that are to be the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array, array_namespace
from chainrule.optimizers.adam import Adam
from chainrule.optimizers.base import Rule, Slots


@dataclass(frozen=True, repr=False, eq=False)
class Momentum(Rule):
    """Gradient descent with a velocity: the learning rate is inside the running sum.

        v ← μ v − η g,    p ← p + v          (nesterov: p ← p + μ v − η g)

    With a constant η it takes the steps of `SGD`; when η changes, what was summed up keeps its old
    η. Source: Polyak (1964); Sutskever, Martens, Dahl and Hinton, ICML 2013, equations 1 to 4.

    >>> import numpy as np
    >>> params, _ = Momentum(0.5).update(
    ...     {"W": np.array([1.0])}, {"W": np.array([0.2])}, {"W": {"v": np.array([0.0])}}, 0
    ... )
    >>> params["W"]
    array([0.9])
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 0.01
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.momentum != 1:  # a velocity that never fades may be asked for
            super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ConfigurationError("Momentum: nesterov needs a momentum above 0, 0.9 say")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v",)

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for this choice."""
        step = "momentum * v - learning_rate * g" if self.nesterov else "v"
        return Formulas(update={"v": "momentum * v - learning_rate * g", "p": f"p + ({step})"})

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        downhill = scalars["learning_rate"] * g
        v = self.momentum * slots["v"] - downhill
        return p + (self.momentum * v - downhill if self.nesterov else v), {"v": v}


@dataclass(frozen=True, repr=False, eq=False)
class AdamEpsilonHat(Adam):
    """Adam in the efficient order that its paper gives below algorithm 1, with ε̂ beside √v.

        p ← p − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε̂),    m and v as in Adam

    It differs from `Adam` where √v is about as small as ε̂. Source: Kingma and Ba, ICLR 2015,
    section 2.

    >>> AdamEpsilonHat().slots
    ('m', 'v')
    """

    entrywise = True
    formulas = Formulas(
        update={
            "m": Adam.formulas.update["m"],
            "v": Adam.formulas.update["v"],
            "p": "p - learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)",
        }
    )

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        both = super().scalars(t, learning_rate)
        root = array_namespace(t).sqrt(both["correction2"])
        return {"learning_rate": learning_rate * root / both["correction1"]}

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        m = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        root = array_namespace(v).sqrt(v)
        return p - scalars["learning_rate"] * m / (root + self.eps), {"m": m, "v": v}
