"""Relatives of ReLU: linear for x > 0, and bent below, or above, in one way or another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Formulas, Function
from chainrule.errors import ConfigurationError
from chainrule.initializers import Constant, HeNormal, LeCunNormal, Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree

# The fixed point of the paper: mean 0 and variance 1 in, mean 0 and variance 1 out.
SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@dataclass(frozen=True, repr=False, eq=False)
class ELU(Layer):
    """x for x > 0, α (eˣ − 1) otherwise; derivative 1, or α eˣ. α > 0.

    Source: Clevert, Unterthiner and Hochreiter, ICLR 2016.

    >>> import numpy as np
    >>> ELU().forward({}, np.array([[-1e4, 2.0]]))[0]
    array([[-1.,  2.]])
    """

    alpha: float = 1.0
    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "where(X > 0, X, alpha * (exp(minimum(X, 0)) - 1))"},
        backward={"dX": "dY * where(X > 0, 1, alpha * exp(minimum(X, 0)))"},
    )

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise ConfigurationError(f"ELU: alpha must be above 0, got {self.alpha!r}")

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        below = self.alpha * xp.expm1(xp.minimum(X, 0))
        return xp.maximum(X, 0) + below, (X, below)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X, below = cache
        return array_namespace(X).where(X > 0, dY, dY * (below + self.alpha)), {}


@dataclass(frozen=True, repr=False, eq=False)
class SELU(Layer):
    """λ x for x > 0, λ α (eˣ − 1) otherwise, with λ = 1.0507… and α = 1.6732….

    With weights of variance 1/fan_in, which it asks for (LeCunNormal), the units of a deep network
    keep mean 0 and variance 1. Source: Klambauer, Unterthiner, Mayr and Hochreiter, NIPS 2017.

    >>> import numpy as np
    >>> SELU().forward({}, np.array([[-1e4, 1.0]]))[0].round(4)
    array([[-1.7581,  1.0507]])
    """

    initializer_before = LeCunNormal()
    formulas = Formulas(
        forward={"Y": "selu(X)"},
        backward={"dX": "dY * d_selu(X)"},
        functions={
            "selu": Function(
                f"{SCALE!r} * where(x > 0, x, {ALPHA!r} * (exp(minimum(x, 0)) - 1))",
                f"{SCALE!r} * where(x > 0, 1, {ALPHA!r} * exp(minimum(x, 0)))",
                "SELU",
                r"\operatorname{SELU}",
            )
        },
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        below = SCALE * ALPHA * xp.expm1(xp.minimum(X, 0))
        return SCALE * xp.maximum(X, 0) + below, (X, below)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X, below = cache
        return dY * array_namespace(X).where(X > 0, SCALE, below + SCALE * ALPHA), {}


@dataclass(frozen=True, repr=False, eq=False)
class Clip(Layer):
    """x between `low` and `high`, and no further; derivative 1 between them, 0 elsewhere.

    Clip(0, 6) is known as ReLU6, Clip(-1, 1) as hard tanh. low < high. Source: Krizhevsky,
    "Convolutional deep belief networks on CIFAR-10" (2010).

    >>> import numpy as np
    >>> Y, cache = Clip().forward({}, np.array([[-1.0, 2.0, 9.0]]))
    >>> Y, Clip().backward({}, cache, Y)[0]
    (array([[0., 2., 6.]]), array([[0., 2., 0.]]))
    """

    low: float = 0.0
    high: float = 6.0
    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "minimum(maximum(X, low), high)"},
        backward={"dX": "dY * (X > low) * (high > X)"},
    )

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ConfigurationError(
                f"Clip: low must be below high, got {self.low!r} and {self.high!r}"
            )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        return xp.minimum(xp.maximum(X, self.low), self.high), X

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X = cache
        return dY * ((self.low < X) & (self.high > X)), {}


@dataclass(frozen=True, repr=False, eq=False)
class PReLU(Layer):
    """x for x > 0, a x otherwise, with a slope `a` that is learnt for each feature.

    X (m, ..., c) -> Y of the same shape, with a (c,), or (1,) with `shared=True`:

        da = Σ of x dy over the places with x <= 0,    dX = dY where x > 0, a dY otherwise

    Source: He, Zhang, Ren and Sun, ICCV 2015.

    >>> import numpy as np
    >>> layer, params = PReLU(), {"a": np.array([0.25, 0.5])}
    >>> Y, cache = layer.forward(params, np.array([[-2.0, -2.0], [4.0, 4.0]]))
    >>> Y[0], layer.backward(params, cache, np.ones((2, 2)))[1]["a"]
    (array([-0.5, -1. ]), array([-2., -2.]))
    """

    start: float = 0.25
    shared: bool = False
    initializer_before = HeNormal()

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for one slope, or for one each."""
        total = "all_sum" if self.shared else "batch_sum"
        return Formulas(
            forward={"Y": "where(X > 0, X, a * X)"},
            backward={
                "da": f"{total}(where(X > 0, 0, X * dY))",
                "dX": "where(X > 0, dY, a * dY)",
            },
        )

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {"a": Spec((1,) if self.shared else shape[-1:], Constant(self.start))}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        return xp.maximum(X, 0) + params["a"] * xp.minimum(X, 0), X

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X = cache
        dX = array_namespace(X).where(X > 0, dY, params["a"] * dY)
        return dX, self.parameter_gradients(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        X = cache
        below = array_namespace(X).minimum(X, 0) * dY
        if self.shared:
            return {"a": below.sum().reshape(1)}
        return {"a": below.sum(axis=tuple(range(X.ndim - 1)))}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        if self.shared:
            return {"all_sum": lambda D: D.sum().reshape(1)}
        if cache.ndim == 2:
            return {}
        return {"batch_sum": lambda D: D.sum(axis=tuple(range(cache.ndim - 1)))}
