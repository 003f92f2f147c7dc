"""Normalization: entries shifted and scaled to mean 0 and variance 1, over a batch or a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.initializers import Constant, Shape, Zeros
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree

TRAINED = {"dgamma": "batch_sum(dY * Xhat)", "dbeta": "batch_sum(dY)", "dXhat": "dY * gamma"}


def _over_places(shape: Shape) -> Mapping[str, Callable[..., Array]]:
    """Return the sums over a batch of images, in which every place counts as a sample."""
    if len(shape) == 2:
        return {}  # plain rows: the language's own sums, which turn with the board
    axes = tuple(range(len(shape) - 1))
    return {"batch_mean": lambda X: X.mean(axis=axes), "batch_sum": lambda X: X.sum(axis=axes)}


@dataclass(frozen=True, repr=False, eq=False)
class BatchNorm(Layer):
    """Each feature brought to mean 0 and variance 1 over the batch, then scaled and shifted.

    X (m, ..., c) -> Y of the same shape, with gamma and beta (c,); on images and sequences every
    place counts as one more sample. In training:

        μ = 1/m Σ X,   v = 1/m Σ (X − μ)²,   X̂ = (X − μ) / √(v + ε),   Y = γ X̂ + β
        dγ = Σ dY ⊙ X̂,   dβ = Σ dY,   dX̂ = dY ⊙ γ
        dX = (dX̂ − 1/m Σ dX̂ − X̂ ⊙ 1/m Σ dX̂ ⊙ X̂) / √(v + ε)

    Mean and variance (the unbiased one, with 1/(m − 1)) are averaged over the steps as state that
    is not trained; `momentum` is the weight of the new value. In inference these running numbers
    take the place of μ and v. Source: Ioffe and Szegedy, ICML 2015, algorithms 1 and 2.

    >>> import numpy as np
    >>> layer, X = BatchNorm(eps=0.0), np.array([[1.0], [3.0]])
    >>> params = {"gamma": np.array([2.0]), "beta": np.array([5.0])}
    >>> Y, cache = layer.forward(params, X, Context(training=True))
    >>> Y.ravel()
    array([3., 7.])
    >>> layer.advance({"mean": np.zeros(1), "variance": np.ones(1)}, cache)
    {'mean': array([0.2]), 'variance': array([1.1])}
    """

    momentum: float = 0.1
    eps: float = 1e-5
    formulas = Formulas(
        forward={
            "mu": "batch_mean(X)",
            "v": "batch_mean((X - mu)**2)",
            "Xhat": "(X - mu) / sqrt(v + eps)",
            "Y": "gamma * Xhat + beta",
        },
        backward={
            **TRAINED,
            "dX": "(dXhat - batch_mean(dXhat) - Xhat * batch_mean(dXhat * Xhat)) / sqrt(v + eps)",
        },
    )

    def __post_init__(self) -> None:
        if not 0 < self.momentum <= 1:
            raise ConfigurationError(
                f"BatchNorm: momentum, the weight of the new value, must be in (0, 1], "
                f"got {self.momentum!r}"
            )
        _check_eps(self)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {"gamma": Spec(shape[-1:], Constant(1.0)), "beta": Spec(shape[-1:], Zeros())}

    def running(self, shape: Shape) -> dict[str, Any]:
        return {"mean": Spec(shape[-1:], Zeros()), "variance": Spec(shape[-1:], Constant(1.0))}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp, gamma = array_namespace(X), params["gamma"]
        if ctx.training:
            axes = tuple(range(X.ndim - 1))
            mu = X.mean(axis=axes)
            centred = X - mu
            v = (centred * centred).mean(axis=axes)
        else:
            mu = ctx.state.get("mean", xp.zeros_like(gamma))
            v = ctx.state.get("variance", xp.ones_like(gamma))
            centred = X - mu
        root = xp.sqrt(v + self.eps)
        Xhat = centred / root
        cache = {"Xhat": Xhat, "mu": mu, "v": v, "root": root, "training": ctx.training}
        return gamma * Xhat + params["beta"], cache

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Xhat, root, axes = cache["Xhat"], cache["root"], tuple(range(dY.ndim - 1))
        grads = self.parameter_gradients(params, cache, dY)
        dXhat = dY * params["gamma"]
        if not cache["training"]:
            return dXhat / root, grads
        along = (dXhat * Xhat).mean(axis=axes)
        return (dXhat - dXhat.mean(axis=axes) - Xhat * along) / root, grads

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        axes = tuple(range(dY.ndim - 1))
        return {"gamma": (dY * cache["Xhat"]).sum(axis=axes), "beta": dY.sum(axis=axes)}

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        if not state or not cache["training"]:
            return state
        m = prod(cache["Xhat"].shape[:-1])
        unbiased = cache["v"] * (m / max(1, m - 1))
        new = {"mean": cache["mu"], "variance": unbiased}
        return {n: (1 - self.momentum) * state[n] + self.momentum * new[n] for n in state}

    def formulas_of(self, cache: Any) -> Formulas:
        if cache["training"]:
            return self.formulas
        lines = {name: self.formulas.forward[name] for name in ("Xhat", "Y")}
        return Formulas(forward=lines, backward={**TRAINED, "dX": "dXhat / sqrt(v + eps)"})

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return _over_places(cache["Xhat"].shape)


@dataclass(frozen=True, repr=False, eq=False)
class LayerNorm(Layer):
    """The features of each sample brought to mean 0 and variance 1, then scaled and shifted.

    X (m, ..., n) -> Y of the same shape, with gamma and beta (n,), over the last axis:

        μ = 1/n Σ_j x_j,   v = 1/n Σ_j (x_j − μ)²,   X̂ = (X − μ) / √(v + ε),   Y = γ X̂ + β
        dX = (dX̂ − mean_j dX̂ − X̂ mean_j(dX̂ ⊙ X̂)) / √(v + ε)

    The same in training and in inference. Source: Ba, Kiros and Hinton, arXiv:1607.06450 (2016).

    >>> import numpy as np
    >>> params = {"gamma": np.ones(2), "beta": np.zeros(2)}
    >>> LayerNorm(eps=0.0).forward(params, np.array([[1.0, 3.0]]))[0]
    array([[-1.,  1.]])
    """

    eps: float = 1e-5
    formulas = Formulas(
        forward={
            "mu": "feature_mean(X)",
            "v": "feature_mean((X - mu)**2)",
            "Xhat": "(X - mu) / sqrt(v + eps)",
            "Y": "gamma * Xhat + beta",
        },
        backward={
            **TRAINED,
            "dX": "(dXhat - feature_mean(dXhat) - Xhat * feature_mean(dXhat * Xhat))"
            " / sqrt(v + eps)",
        },
    )

    def __post_init__(self) -> None:
        _check_eps(self)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {"gamma": Spec(shape[-1:], Constant(1.0)), "beta": Spec(shape[-1:], Zeros())}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        centred = X - X.mean(axis=-1, keepdims=True)
        v = (centred * centred).mean(axis=-1, keepdims=True)
        root = array_namespace(X).sqrt(v + self.eps)
        Xhat = centred / root
        return params["gamma"] * Xhat + params["beta"], {"Xhat": Xhat, "root": root}

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Xhat = cache["Xhat"]
        dXhat = dY * params["gamma"]
        along = (dXhat * Xhat).mean(axis=-1, keepdims=True)
        dX = (dXhat - dXhat.mean(axis=-1, keepdims=True) - Xhat * along) / cache["root"]
        return dX, self.parameter_gradients(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        axes = tuple(range(dY.ndim - 1))
        return {"gamma": (dY * cache["Xhat"]).sum(axis=axes), "beta": dY.sum(axis=axes)}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return _over_places(cache["Xhat"].shape)


def _check_eps(layer: BatchNorm | LayerNorm) -> None:
    if not layer.eps >= 0:
        raise ConfigurationError(
            f"{type(layer).__name__}: eps must be 0 or more, got {layer.eps!r}"
        )
