"""Activations without a kink: elementwise, Y = f(X) and dX = dY ⊙ f′(X), and LogSoftmax.

No intermediate overflows: softplus, for one, is computed as max(x, 0) + ln(1 + e^−|x|).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

from chainrule.derivation import Formulas, Function
from chainrule.initializers import GlorotUniform, HeNormal
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.error_function import erf
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree


def softplus(X: Array) -> Array:
    """Return ln(1 + eˣ)."""
    xp = array_namespace(X)
    return xp.maximum(X, 0) + xp.log1p(xp.exp(xp.minimum(X, -X)))


def sigmoid(X: Array) -> Array:
    """Return 1 / (1 + e⁻ˣ)."""
    return 0.5 + 0.5 * array_namespace(X).tanh(0.5 * X)


@dataclass(frozen=True, repr=False, eq=False)
class Softplus(Layer):
    """A smooth ReLU: softplus(x) = ln(1 + eˣ), with derivative σ(x).

    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, NIPS 2000.

    >>> import numpy as np
    >>> Softplus().forward({}, np.array([[0.0, 1e4]]))[0].round(4)
    array([[6.931e-01, 1.000e+04]])
    """

    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "softplus(X)"},
        backward={"dX": "dY * d_softplus(X)"},
        functions={
            "softplus": Function(
                "maximum(x, 0) + log(1 + exp(-abs(x)))",
                "sigmoid(x)",
                "softplus",
                r"\operatorname{softplus}",
            )
        },
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return softplus(X), X

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY * sigmoid(cache), {}


@dataclass(frozen=True, repr=False, eq=False)
class Softsign(Layer):
    """x / (1 + |x|), with derivative 1 / (1 + |x|)²: like tanh, with slower tails.

    Source: Bergstra, Desjardins, Lamblin and Bengio, technical report 1337, Montréal (2009).

    >>> import numpy as np
    >>> Softsign().forward({}, np.array([[-1.0, 3.0]]))[0]
    array([[-0.5 ,  0.75]])
    """

    initializer_before = GlorotUniform()
    formulas = Formulas(forward={"Y": "X / (1 + abs(X))"}, backward={"dX": "dY / (1 + abs(X))**2"})

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        size = 1 + array_namespace(X).abs(X)
        return X / size, size

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY / (cache * cache), {}


@dataclass(frozen=True, repr=False, eq=False)
class SiLU(Layer):
    """x σ(x), also called swish; derivative σ(x) (1 + x (1 − σ(x))).

    Source: Elfwing, Uchibe and Doya, Neural Networks 107 (2018).

    >>> import numpy as np
    >>> SiLU().forward({}, np.array([[0.0, -1e4, 1e4]]))[0]
    array([[     0.,     -0.,  10000.]])
    """

    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "silu(X)"},
        backward={"dX": "dY * d_silu(X)"},
        functions={
            "silu": Function(
                "x * sigmoid(x)",
                "sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
                "SiLU",
                r"\operatorname{SiLU}",
            )
        },
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        S = sigmoid(X)
        return X * S, (X, S)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X, S = cache
        return dY * (S * (1 + X * (1 - S))), {}


@dataclass(frozen=True, repr=False, eq=False)
class Mish(Layer):
    """x tanh(softplus(x)); with T = tanh(softplus(x)), derivative T + x (1 − T²) σ(x).

    Source: Misra, BMVC 2020.

    >>> import numpy as np
    >>> Mish().forward({}, np.array([[0.0, 1.0]]))[0].round(4)
    array([[0.    , 0.8651]])
    """

    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"T": "tanh(log(1 + exp(X)))", "Y": "X * T"},
        backward={"dX": "dY * (T + X * (1 - T**2) * sigmoid(X))"},
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        T = array_namespace(X).tanh(softplus(X))
        return X * T, {"X": X, "T": T}

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X, T = cache["X"], cache["T"]
        return dY * (T + X * (1 - T * T) * sigmoid(X)), {}


@dataclass(frozen=True, repr=False, eq=False)
class GELU(Layer):
    """x Φ(x), Φ the distribution function of N(0, 1); derivative Φ(x) + x φ(x).

    Exact, with Φ(x) = ½ (1 + erf(x / √2)); or with `approximate=True` the paper's approximation
    Φ(x) ≈ ½ (1 + tanh(√(2/π) (x + 0.044715 x³))), derived as such. Source: Hendrycks and
    Gimpel, arXiv:1606.08415 (2016).

    >>> import numpy as np
    >>> GELU().forward({}, np.array([[0.0, 1.0]]))[0].round(4)
    array([[0.    , 0.8413]])
    """

    approximate: bool = False
    initializer_before = HeNormal()

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines of the exact function, or of the approximation."""
        if self.approximate:
            lines = {"T": "tanh(sqrt(2 / 3.141592653589793) * (X + 0.044715 * X**3))"}
            slope = "sqrt(2 / 3.141592653589793) * (1 + 3 * 0.044715 * X**2)"
            return Formulas(
                forward={**lines, "Y": "X / 2 * (1 + T)"},
                backward={"dX": f"dY * ((1 + T) / 2 + X / 2 * (1 - T**2) * {slope})"},
            )
        density = "exp(-x**2 / 2) / sqrt(2 * 3.141592653589793)"
        below = Function("(1 + erf(x / sqrt(2))) / 2", density, "Φ", r"\Phi")
        return Formulas(
            forward={"Y": "X * Phi(X)"},
            backward={"dX": "dY * (Phi(X) + X * d_Phi(X))"},
            functions={"Phi": below},
        )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        if self.approximate:
            T = array_namespace(X).tanh(sqrt(2 / pi) * (X + 0.044715 * (X * X * X)))
            return 0.5 * X * (1 + T), {"X": X, "T": T}
        below = 0.5 + 0.5 * erf(X * sqrt(0.5))
        return X * below, {"X": X, "below": below}

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X = cache["X"]
        if self.approximate:
            T = cache["T"]
            slope = sqrt(2 / pi) * (1 + 3 * 0.044715 * (X * X))
            return dY * (0.5 * (1 + T) + 0.5 * X * (1 - T * T) * slope), {}
        density = array_namespace(X).exp(-0.5 * (X * X)) / sqrt(2 * pi)
        return dY * (cache["below"] + X * density), {}


@dataclass(frozen=True, repr=False, eq=False)
class LogSoftmax(Layer):
    """The logarithm of softmax over the features of each sample: y_k = x_k − ln Σ_j e^{x_j}.

    ∂y_k/∂x_j = [k = j] − softmax(x)_j, so dX = dY − softmax(X) ⊙ Σ_k dY_k. Each row's largest entry
    is subtracted first. Source: "Deep Learning" (2016), section 6.2.2.3.

    >>> import numpy as np
    >>> LogSoftmax().forward({}, np.array([[1e4, 1e4]]))[0].round(4)
    array([[-0.6931, -0.6931]])
    """

    initializer_before = GlorotUniform()
    formulas = Formulas(
        forward={"Y": "X - log(feature_sum(exp(X)))"},
        backward={"dX": "dY - exp(Y) * feature_sum(dY)"},
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        shifted = X - X.max(axis=-1, keepdims=True)
        Y = shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))
        return Y, Y

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Y = cache
        return dY - array_namespace(Y).exp(Y) * dY.sum(axis=-1, keepdims=True), {}
