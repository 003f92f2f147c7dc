"""Optimizers: how a gradient becomes a step. Pure functions, one rule per parameter.

    state = optimizer.init(params)
    params, state = optimizer.update(params, gradients, state, step)

`rule` is the paper's algorithm in the paper's symbols: p the parameter, g = ∂L/∂p, t the count of
updates from 1, and the optimizer's own averages in `slots`. Parameters without a gradient
(held fixed) stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf, log
from typing import Any, ClassVar, Self

from chainrule.derivation import Formulas
from chainrule.description import Description
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree, flatten

Slots = dict[str, Array]


@dataclass(frozen=True, repr=False)
class Optimizer(Description):
    """Base: walks the tree, and hands each parameter to `rule`."""

    learning_rate: float | Callable[[Any], Any] = 0.01
    formulas: ClassVar[Formulas] = Formulas()

    def __post_init__(self) -> None:
        rate = self.learning_rate
        if not callable(rate) and not (isinstance(rate, int | float) and 0 < rate < float("inf")):
            raise ConfigurationError(
                f"{type(self).__name__}: learning_rate must be a positive number, got {rate!r}"
            )
        for name in ("momentum", "beta1", "beta2", "rho"):
            if not 0 <= getattr(self, name, 0) < 1:
                raise ConfigurationError(
                    f"{type(self).__name__}: {name} must be in [0, 1), got {getattr(self, name)!r}"
                )

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the averages kept for each parameter."""
        return ()

    def init(self, params: Tree) -> Tree:
        """Return the state before the first update: zeros under each parameter's slots."""
        return {
            name: self.init(p)
            if isinstance(p, dict)
            else {slot: array_namespace(p).zeros_like(p) for slot in self.slots}
            for name, p in params.items()
        }

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        """Return the parameters and the state after one update; `step` counts from 0."""
        leaves = flatten(gradients)
        if not leaves:
            return params, state
        g = next(iter(leaves.values()))
        t = array_namespace(g).asarray(step + 1, dtype=g.dtype)
        return self._walk(params, gradients, state, self.scalars(t, self.rate(step)))

    def rate(self, step: Any) -> Any:
        """Return the learning rate of this step."""
        return self.learning_rate(step) if callable(self.learning_rate) else self.learning_rate

    def scaled(self, factor: Any) -> Self:
        """Return the same optimizer with its learning rate multiplied."""
        return replace(self, learning_rate=lambda step: factor * self.rate(step))

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        """Return the numbers of this update that all parameters share."""
        return {"learning_rate": learning_rate}

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        """Return the parameter and its slots after one update."""
        raise NotImplementedError

    def _walk(
        self, params: Tree, gradients: Tree, state: Tree, scalars: Mapping[str, Any]
    ) -> tuple[Tree, Tree]:
        new_params, new_state = dict(params), dict(state)
        for name, g in gradients.items():
            step = self._walk if isinstance(g, dict) else self._apply
            new_params[name], new_state[name] = step(params[name], g, state[name], scalars)
        return new_params, new_state

    def _apply(
        self, p: Array, g: Array, slots: Slots, scalars: Mapping[str, Any]
    ) -> tuple[Array, Slots]:
        return self.rule(p, g, slots, **scalars)


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Gradient descent: p' = p − η ∂L/∂p; with momentum, along a running sum of gradients.

        v ← μ v + g,    p ← p − η v          (nesterov: p ← p − η (g + μ v))

    Source: Robbins and Monro (1951); Polyak (1964); Nesterov (1983) in the form of Sutskever,
    Martens, Dahl and Hinton (ICML 2013).

    >>> import numpy as np
    >>> params, _ = SGD(0.5).update({"W": np.array([1.0])}, {"W": np.array([0.2])}, {"W": {}}, 0)
    >>> params["W"]
    array([0.9])
    """

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


@dataclass(frozen=True, repr=False)
class RMSProp(Optimizer):
    """Steps divided by a running root mean square of the gradient.

        v ← ρ v + (1 − ρ) g²,    p ← p − η g / (√v + ε)

    Source: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning" (2012).

    >>> RMSProp(1e-3).slots
    ('v',)
    """

    learning_rate: float | Callable[[Any], Any] = 0.001
    rho: float = 0.99
    eps: float = 1e-8
    formulas = Formulas(
        update={
            "v": "rho * v + (1 - rho) * g**2",
            "p": "p - learning_rate * g / (sqrt(v) + eps)",
        }
    )

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v",)

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        v = self.rho * slots["v"] + (1 - self.rho) * (g * g)
        root = array_namespace(v).sqrt(v)
        return p - scalars["learning_rate"] * g / (root + self.eps), {"v": v}


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
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
        m_hat = m / scalars["correction1"]
        v_hat = v / scalars["correction2"]
        root = array_namespace(v_hat).sqrt(v_hat)
        return p - scalars["learning_rate"] * m_hat / (root + self.eps), {"m": m, "v": v}


@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: each update also shrinks p by the factor 1 − η λ.

        p ← p − η λ p, and then as Adam

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

    >>> AdamW(weight_decay=0.1)
    AdamW(weight_decay=0.1)
    """

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


def _log(beta: float) -> float:
    """Return ln β, and −∞ for β = 0, where the average is the last gradient alone."""
    return log(beta) if beta else -inf
