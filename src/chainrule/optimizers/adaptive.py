"""Steps divided by the size of the gradients so far, each parameter entry for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Formulas
from chainrule.namespace import Array, array_namespace
from chainrule.optimizers.base import Rule, Slots


@dataclass(frozen=True, repr=False, eq=False)
class AdaGrad(Rule):
    """Steps divided by the root of the sum of all squared gradients: they only ever get smaller.

        s ← s + g²,    p ← p − η g / (√s + ε)

    Source: Duchi, Hazan and Singer, JMLR 12 (2011).

    >>> AdaGrad().slots
    ('s',)
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 0.01
    eps: float = 1e-10
    formulas = Formulas(update={"s": "s + g**2", "p": "p - learning_rate * g / (sqrt(s) + eps)"})

    @property
    def slots(self) -> tuple[str, ...]:
        return ("s",)

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        s = slots["s"] + g * g
        root = array_namespace(s).sqrt(s)
        return p - scalars["learning_rate"] * g / (root + self.eps), {"s": s}


@dataclass(frozen=True, repr=False, eq=False)
class AdaDelta(Rule):
    """Steps whose size is that of the steps before, in units of the gradients before.

        v ← ρ v + (1 − ρ) g²,    d = √(u + ε) / √(v + ε) g,    u ← ρ u + (1 − ρ) d²,    p ← p − η d

    Source: Zeiler, arXiv:1212.5701 (2012), algorithm 1; η = 1 there.

    >>> AdaDelta()
    AdaDelta()
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    formulas = Formulas(
        update={
            "v": "rho * v + (1 - rho) * g**2",
            "d": "sqrt(u + eps) / sqrt(v + eps) * g",
            "u": "rho * u + (1 - rho) * d**2",
            "p": "p - learning_rate * d",
        }
    )

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v", "u")

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        sqrt = array_namespace(g).sqrt
        v = self.rho * slots["v"] + (1 - self.rho) * (g * g)
        d = sqrt(slots["u"] + self.eps) / sqrt(v + self.eps) * g
        u = self.rho * slots["u"] + (1 - self.rho) * (d * d)
        return p - scalars["learning_rate"] * d, {"v": v, "u": u}


@dataclass(frozen=True, repr=False, eq=False)
class RMSProp(Rule):
    """Steps divided by a running root mean square of the gradient.

        v ← ρ v + (1 − ρ) g²,    p ← p − η g / (√v + ε)

    `centred=True` takes the running mean's square off: √(v − m²), with m ← ρ m + (1 − ρ) g. With a
    momentum μ the steps run on: b ← μ b + g / (√v + ε), p ← p − η b. Source: Tieleman and Hinton,
    lecture 6.5 of "Neural Networks for Machine Learning" (2012); Graves, arXiv:1308.0850 (2013).

    >>> RMSProp(1e-3).slots
    ('v',)
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 0.001
    rho: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centred: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v", *("m" for _ in range(self.centred)), *("b" for _ in range(self.momentum > 0)))

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for this choice of momentum and centring."""
        mean = {"m": "rho * m + (1 - rho) * g"} if self.centred else {}
        step = f"g / (sqrt({'v - m**2' if self.centred else 'v'}) + eps)"
        running = {"b": f"momentum * b + {step}"} if self.momentum else {}
        return Formulas(
            update={
                "v": "rho * v + (1 - rho) * g**2",
                **mean,
                **running,
                "p": f"p - learning_rate * {'b' if self.momentum else step}",
            }
        )

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        v = self.rho * slots["v"] + (1 - self.rho) * (g * g)
        new, spread = {"v": v}, v
        if self.centred:
            new["m"] = m = self.rho * slots["m"] + (1 - self.rho) * g
            spread = v - m * m
        root = array_namespace(v).sqrt(spread) + self.eps
        if not self.momentum:
            return p - scalars["learning_rate"] * g / root, new
        new["b"] = b = self.momentum * slots["b"] + g / root
        return p - scalars["learning_rate"] * b, new
