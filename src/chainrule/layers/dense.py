"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.derivation import Derivation, Formulas
from chainrule.errors import ConfigurationError
from chainrule.initializers import Initializer, Shape, Zeros
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array, column_sum
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Dense(Layer):
    """Fully connected layer: every input feeds every unit.

    X (m, n) -> Y (m, units), with W (n, units) and b (units,):

        Y = X W + b,    dW = Xᵀ dY,    db = Σ rows of dY,    dX = dY Wᵀ

    From one entry: y_ik = Σ_j x_ij w_jk + b_k, so ∂L/∂w_jk = Σ_i x_ij dy_ik, and each row's
    b_k moves y_ik one for one. Source: Rumelhart, Hinton and Williams, Nature 323 (1986).

    >>> import numpy as np
    >>> layer = Dense(2)
    >>> params = {"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([0.0, 1.0])}
    >>> Y, cache = layer.forward(params, np.array([[1.0, 1.0]]))
    >>> Y
    array([[4., 7.]])
    >>> layer.backward(params, cache, np.array([[1.0, 0.0]]))[0]
    array([[1., 3.]])
    """

    units: int
    initializer: Initializer | None = None
    bias_initializer: Initializer = Zeros()
    factors = frozenset({"W"})
    formulas = Formulas(
        forward={"Y": "X @ W + b"},
        backward={"dW": "X.T @ dY", "db": "batch_sum(dY)", "dX": "dY @ W.T"},
        derivation=Derivation(
            "sum(j, X[i,j] * W[j,k]) + b[k]",
            {"W[j,k]": "X[i,j]", "b[k]": "1", "X[i,j]": "W[j,k]"},
        ),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.units, int) or self.units < 1:
            raise ConfigurationError(f"Dense: units must be a positive integer, got {self.units!r}")

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {
            "W": Spec((shape[0], self.units), self.initializer),
            "b": Spec((self.units,), self.bias_initializer),
        }

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise self.wrong_shape("(batch, features)", shape, "put Flatten() before it")
        return (self.units,)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X @ params["W"] + params["b"], X

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY @ params["W"].T, self.parameter_gradients(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        X = cache
        return {"W": X.T @ dY, "b": column_sum(dY)}
