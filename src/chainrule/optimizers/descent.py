"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array
from chainrule.optimizers.base import Rule, Slots


@dataclass(frozen=True, repr=False, eq=False)
class SGD(Rule):
    """Gradient descent: p' = p − η ∂L/∂p; with momentum, along a running sum of gradients.

        v ← μ v + g,    p ← p − η v          (nesterov: p ← p − η (g + μ v))

    Source: Robbins and Monro (1951); Polyak (1964); Nesterov (1983) in the form of Sutskever,
    Martens, Dahl and Hinton (ICML 2013).

    >>> import numpy as np
    >>> params, _ = SGD(0.5).update({"W": np.array([1.0])}, {"W": np.array([0.2])}, {"W": {}}, 0)
    >>> params["W"]
    array([0.9])
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ConfigurationError("SGD: nesterov needs a momentum above 0, 0.9 say")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v",) if self.momentum else ()

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for this choice of momentum."""
        if not self.momentum:
            return Formulas(update={"p": "p - learning_rate * g"})
        direction = "(g + momentum * v)" if self.nesterov else "v"
        return Formulas(update={"v": "momentum * v + g", "p": f"p - learning_rate * {direction}"})

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        learning_rate = scalars["learning_rate"]
        if not self.momentum:
            return p - learning_rate * g, {}
        v = self.momentum * slots["v"] + g
        return p - learning_rate * (g + self.momentum * v if self.nesterov else v), {"v": v}
