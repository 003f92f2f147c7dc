"""Activations, as layers of their own: as many outputs as inputs, and no parameters.

An elementwise Y = f(X) has dX = dY ⊙ f′(X), since each output depends on its own input
alone. Softmax is the exception: every output depends on every input, and its derivative is
a matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Derivation, Formulas, Function
from chainrule.errors import ConfigurationError
from chainrule.initializers import GlorotUniform, HeNormal
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Identity(Layer):
    """Y = X and dX = dY: no activation at all.

    >>> Identity().forward({}, 3.0)[0]
    3.0
    """

    formulas = Formulas(forward={"Y": "X"}, backward={"dX": "dY"})

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X, None

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY, {}


@dataclass(frozen=True, repr=False, eq=False)
class Sigmoid(Layer):
    """The logistic function: σ(x) = 1 / (1 + e⁻ˣ), with σ′(x) = σ(x) (1 − σ(x)).

    Computed as ½ (1 + tanh(x/2)), the same function, which cannot overflow.

    >>> import numpy as np
    >>> Y, cache = Sigmoid().forward({}, np.array([[0.0, -1e4, 1e4]]))
    >>> Y
    array([[0.5, 0. , 1. ]])
    >>> Sigmoid().backward({}, cache, np.ones((1, 3)))[0]
    array([[0.25, 0.  , 0.  ]])
    """

    initializer_before = GlorotUniform()
    formulas = Formulas(
        forward={"Y": "sigmoid(X)"},
        backward={"dX": "dY * d_sigmoid(X)"},
        functions={"sigmoid": Function("1 / (1 + exp(-x))", "a * (1 - a)", "σ", r"\sigma")},
        derivation=Derivation(
            "1 / (1 + exp(-X[i,k]))",
            {"X[i,k]": "Y[i,k] * (1 - Y[i,k])"},
            (
                "partial(Y[i,k], X[i,k]) = exp(-X[i,k]) / (1 + exp(-X[i,k]))**2"
                " = 1 / (1 + exp(-X[i,k])) * (exp(-X[i,k]) / (1 + exp(-X[i,k])))"
                " = Y[i,k] * (1 - Y[i,k])  # the quotient rule",
            ),
        ),
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y = 0.5 * (1 + array_namespace(X).tanh(0.5 * X))
        return Y, Y

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Y = cache
        return dY * (Y * (1 - Y)), {}


@dataclass(frozen=True, repr=False, eq=False)
class Tanh(Layer):
    """The hyperbolic tangent: tanh′(x) = 1 − tanh²(x).

    >>> import numpy as np
    >>> Tanh().forward({}, np.array([[0.0]]))[0]
    array([[0.]])
    """

    initializer_before = GlorotUniform()
    formulas = Formulas(
        forward={"Y": "tanh(X)"},
        backward={"dX": "dY * d_tanh(X)"},
        functions={"tanh": Function("tanh(x)", "1 - a**2", "tanh", r"\tanh")},
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y = array_namespace(X).tanh(X)
        return Y, Y

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Y = cache
        return dY * (1 - Y * Y), {}


@dataclass(frozen=True, repr=False, eq=False)
class ReLU(Layer):
    """Rectified linear unit: max(x, 0), with derivative 1 for x > 0 and 0 otherwise (at 0 too).

    Source: Nair and Hinton, ICML 2010.

    >>> import numpy as np
    >>> Y, cache = ReLU().forward({}, np.array([[-1.0, 0.0, 2.0]]))
    >>> ReLU().backward({}, cache, np.full((1, 3), 5.0))[0]
    array([[0., 0., 5.]])
    """

    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "relu(X)"},
        backward={"dX": "dY * d_relu(X)"},
        functions={"relu": Function("maximum(x, 0)", "x > 0", "ReLU", r"\operatorname{ReLU}")},
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y = array_namespace(X).maximum(X, 0)
        return Y, Y

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Y = cache
        return dY * (Y > 0).astype(dY.dtype), {}  # Y > 0 exactly where X > 0


@dataclass(frozen=True, repr=False, eq=False)
class LeakyReLU(Layer):
    """x for x > 0, slope · x otherwise; derivative 1 or slope. 0 <= slope < 1.

    Source: Maas, Hannun and Ng, ICML 2013.

    >>> import numpy as np
    >>> LeakyReLU(0.1).forward({}, np.array([[-1.0, 2.0]]))[0]
    array([[-0.1,  2. ]])
    """

    slope: float = 0.01
    initializer_before = HeNormal()
    formulas = Formulas(
        forward={"Y": "maximum(X, slope * X)"},
        backward={"dX": "dY * where(X > 0, 1, slope)"},
    )

    def __post_init__(self) -> None:
        if not 0 <= self.slope < 1:
            raise ConfigurationError(f"LeakyReLU: slope must be in [0, 1), got {self.slope!r}")

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return array_namespace(X).maximum(X, self.slope * X), X

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        X = cache
        # `where` with a mixed mask takes NumPy ten times as long.
        return dY * array_namespace(X).maximum((X > 0).astype(dY.dtype), self.slope), {}


@dataclass(frozen=True, repr=False, eq=False)
class Softmax(Layer):
    """Softmax over the features of each sample: y_k = e^{x_k} / Σ_j e^{x_j}.

    Its derivative is a matrix, ∂y_k/∂x_j = y_k ([k = j] − y_j), so that

        dX = Y ⊙ (dY − Σ_j dY_j Y_j)

    Each row's largest entry is subtracted first, which changes nothing and cannot overflow.
    Source: Bridle, "Training stochastic model recognition algorithms", NIPS 1989.

    >>> import numpy as np
    >>> Softmax().forward({}, np.array([[1e4, 1e4]]))[0]
    array([[0.5, 0.5]])
    """

    initializer_before = GlorotUniform()
    formulas = Formulas(
        forward={"Y": "softmax(X)"},
        backward={"dX": "Y * (dY - feature_sum(dY * Y))"},
        derivation=Derivation(
            "exp(X[i,k]) / sum(j, exp(X[i,j]))",
            {"X[i,j]": "Y[i,k] * ((k == j) - Y[i,j])"},
            (
                "partial(Y[i,k], X[i,k]) = (exp(X[i,k]) * sum(j, exp(X[i,j]))"
                " - exp(X[i,k]) * exp(X[i,k])) / sum(j, exp(X[i,j]))**2"
                " = Y[i,k] - Y[i,k]**2  # the quotient rule, for its own input",
                "partial(Y[i,k], X[i,j]) = (0 - exp(X[i,k]) * exp(X[i,j])) / sum(j, exp(X[i,j]))**2"
                " = -Y[i,k] * Y[i,j]  # for another input, j ≠ k",
            ),
        ),
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        E = array_namespace(X).exp(X - X.max(axis=-1, keepdims=True))
        Y = E / E.sum(axis=-1, keepdims=True)
        return Y, Y

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        Y = cache
        return Y * (dY - (dY * Y).sum(axis=-1, keepdims=True)), {}
