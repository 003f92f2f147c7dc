"""Adam and its relatives: a running mean of g over a running root mean square of g."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, log
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array, array_namespace
from chainrule.optimizers.base import Rule, Slots


@dataclass(frozen=True, repr=False, eq=False)
class Adam(Rule):
    """Adaptive moments: a running mean of g over a running root mean square of g.

        m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²         v̂ = v / (1 − β₂ᵗ)         p ← p − η m̂ / (√v̂ + ε)

    1 − βᵗ is computed as −expm1(t ln β), exact in float32 too. Source: Kingma and Ba, ICLR 2015,
    algorithm 1.

    >>> import numpy as np
    >>> params = {"W": np.array([1.0])}
    >>> params, state = Adam(0.1).update(params, {"W": np.array([3.0])}, Adam().init(params), 0)
    >>> params["W"].round(6)
    array([0.9])
    """

    entrywise = True
    learning_rate: float | Callable[[Any], Any] = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    formulas = Formulas(
        update={
            "m": "beta1 * m + (1 - beta1) * g",
            "v": "beta2 * v + (1 - beta2) * g**2",
            "m_hat": "m / (1 - beta1**t)",
            "v_hat": "v / (1 - beta2**t)",
            "p": "p - learning_rate * m_hat / (sqrt(v_hat) + eps)",
        }
    )

    @property
    def slots(self) -> tuple[str, ...]:
        return ("m", "v")

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        xp = array_namespace(t)
        return {
            "learning_rate": learning_rate,
            "correction1": -xp.expm1(t * _log(self.beta1)),
            "correction2": -xp.expm1(t * _log(self.beta2)),
        }

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        m = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        m_hat = m * (1 / scalars["correction1"])  # one division for all entries, not one each
        v_hat = v * (1 / scalars["correction2"])
        root = array_namespace(v_hat).sqrt(v_hat)
        return p - scalars["learning_rate"] * m_hat / (root + self.eps), {"m": m, "v": v}


@dataclass(frozen=True, repr=False, eq=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: each update also shrinks p by the factor 1 − η λ.

        p ← p − η λ p, and then as Adam

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

    >>> AdamW(weight_decay=0.1)
    AdamW(weight_decay=0.1)
    """

    entrywise = True
    weight_decay: float = 0.01
    formulas = Formulas(
        update={
            **Adam.formulas.update,
            "p": "p - learning_rate * weight_decay * p"
            " - learning_rate * m_hat / (sqrt(v_hat) + eps)",
        }
    )

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        shrunk = p - scalars["learning_rate"] * self.weight_decay * p
        return super().rule(shrunk, g, slots, **scalars)


@dataclass(frozen=True, repr=False, eq=False)
class NAdam(Adam):
    """Adam that looks ahead, as Nesterov's momentum does, with a momentum that grows with t.

        μ_t = β₁ (1 − ½ 0.96^{t ψ}),    l ← l + ln μ_t    (so that e^l = μ_1 μ_2 ⋯ μ_t)
        p ← p − η [μ_{t+1} m / (1 − e^l μ_{t+1}) + (1 − μ_t) g / (1 − e^l)] / (√v̂ + ε)

    m, v and v̂ as in Adam, ψ is `momentum_decay`. Source: Dozat, "Incorporating Nesterov momentum
    into Adam", ICLR workshop (2016), algorithm 2 with its schedule of momentum.

    >>> NAdam().slots
    ('m', 'v', 'l')
    """

    learning_rate: float | Callable[[Any], Any] = 0.002
    momentum_decay: float = 0.004
    formulas = Formulas(
        update={
            "mu": "beta1 * (1 - 0.96**(t * momentum_decay) / 2)",
            "mu_next": "beta1 * (1 - 0.96**((t + 1) * momentum_decay) / 2)",
            "l": "l + log(mu)",
            "m": "beta1 * m + (1 - beta1) * g",
            "v": "beta2 * v + (1 - beta2) * g**2",
            "v_hat": "v / (1 - beta2**t)",
            "p": "p - learning_rate * (mu_next * m / (1 - exp(l) * mu_next)"
            " + (1 - mu) * g / (1 - exp(l))) / (sqrt(v_hat) + eps)",
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.beta1:
            raise ConfigurationError("NAdam: beta1 must be in (0, 1), got 0: without it, use Adam")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("m", "v", "l")

    def slots_of(self, p: Array) -> Slots:
        return {**super().slots_of(p), "l": array_namespace(p).zeros((), p.dtype)}

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        xp = array_namespace(t)
        ahead = 1 - 0.5 * xp.exp(log(0.96) * self.momentum_decay * xp.stack([t, t + 1]))
        mu, following = self.beta1 * ahead
        return {**super().scalars(t, learning_rate), "mu": mu, "following": following}

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        xp, mu, following = array_namespace(p), scalars["mu"], scalars["following"]
        m = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        product = slots["l"] + xp.log(mu)
        root = xp.sqrt(v * (1 / scalars["correction2"])) + self.eps
        ahead = m * (following / -xp.expm1(product + xp.log(following)))
        now = g * ((1 - mu) / -xp.expm1(product))
        new = {"m": m, "v": v, "l": product}
        return p - scalars["learning_rate"] * (ahead + now) / root, new


@dataclass(frozen=True, repr=False, eq=False)
class RAdam(Adam):
    """Adam that waits with its denominator until there are enough gradients to trust it.

        ρ_∞ = 2/(1 − β₂) − 1,    ρ_t = ρ_∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
        ρ_t > 5:   p ← p − η r m̂ √(1 − β₂ᵗ) / (√v + ε),
                   r = √((ρ_t − 4)(ρ_t − 2) ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2) ρ_t))
        else:      p ← p − η m̂

    Source: Liu, Jiang, He, Chen, Liu, Gao and Han, ICLR 2020, algorithm 2.

    >>> RAdam(0.01)
    RAdam(0.01)
    """

    entrywise = True
    formulas = Formulas(
        update={
            "m": "beta1 * m + (1 - beta1) * g",
            "v": "beta2 * v + (1 - beta2) * g**2",
            "m_hat": "m / (1 - beta1**t)",
            "long": "2 / (1 - beta2) - 1",
            "length": "long - 2 * t * beta2**t / (1 - beta2**t)",
            "r": "sqrt(maximum((length - 4) * (length - 2) * long, 0)"
            " / ((long - 4) * (long - 2) * length))",
            "p": "p - learning_rate * m_hat"
            " * where(length > 5, r * sqrt(1 - beta2**t) / (sqrt(v) + eps), 1)",
        }
    )

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        shared, xp = super().scalars(t, learning_rate), array_namespace(t)
        long, correction = 2 / (1 - self.beta2) - 1, shared["correction2"]
        length = long - 2 * t * (1 - correction) / correction
        enough = length > 5
        safe = xp.where(enough, length, 6.0)  # no root of a negative number on the way
        ratio = (safe - 4) * (safe - 2) * long / ((long - 4) * (long - 2) * safe)
        return {**shared, "enough": enough, "r": xp.sqrt(ratio * correction)}

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        xp = array_namespace(p)
        m = self.beta1 * slots["m"] + (1 - self.beta1) * g
        v = self.beta2 * slots["v"] + (1 - self.beta2) * (g * g)
        step = scalars["learning_rate"] * (m * (1 / scalars["correction1"]))
        rectified = step * (scalars["r"] / (xp.sqrt(v) + self.eps))
        return p - xp.where(scalars["enough"], rectified, step), {"m": m, "v": v}


def _log(beta: float) -> float:
    """Return ln β, and −∞ for β = 0, where the average is the last gradient alone."""
    return log(beta) if beta else -inf
