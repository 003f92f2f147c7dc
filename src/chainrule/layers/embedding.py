"""The embedding of tokens: a row of numbers for each, looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError, DataError
from chainrule.initializers import Initializer, Normal, Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array, add_rows, array_namespace
from chainrule.tree import Tree

MOST = 1 << 24  # beyond this float32, in which samples travel, does not hold every whole number


@dataclass(frozen=True, repr=False, eq=False)
class Embedding(Layer):
    """Each token, a whole number from 0, becomes a row of W: (m, n) -> (m, n, units).

        Y = one_hot(X) W,    dW = one_hot(X)ᵀ dY

    W is (tokens, units), drawn from N(0, 1) unless an initializer is given. Nothing is multiplied:
    forward looks rows up, backward adds them up, each where its token says. Y does not change when
    X moves a little, so dX is 0. Source: Bengio, Ducharme, Vincent and Jauvin, JMLR 3 (2003).

    >>> import numpy as np
    >>> layer, params = Embedding(3, 2), {"W": np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])}
    >>> Y, cache = layer.forward(params, np.array([[2, 0]]))
    >>> Y
    array([[[4., 5.],
            [0., 1.]]])
    >>> layer.backward(params, cache, Y)[1]["W"]
    array([[0., 1.],
           [0., 0.],
           [4., 5.]])
    """

    tokens: int
    units: int
    initializer: Initializer | None = None
    formulas = Formulas(
        forward={"Y": "one_hot(X) @ W"},
        backward={"dW": "rows(one_hot(X)).T @ rows(dY)", "dX": "0 * X"},
    )

    def __post_init__(self) -> None:
        for name, most in (("tokens", MOST), ("units", None)):
            n = getattr(self, name)
            if not isinstance(n, int) or n < 1 or (most and n > most):
                up_to = f" up to {most:,}" if most else ""
                raise ConfigurationError(
                    f"Embedding: {name} must be a positive integer{up_to}, got {n!r}"
                )

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {"W": Spec((self.tokens, self.units), self.initializer or Normal(1.0))}

    def multiply_adds(self, shape: Shape) -> int:
        return 0  # rows are looked up

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape, self.units)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        tokens = xp.rint(X.real).astype(xp.int32)
        return xp.take(params["W"], tokens, axis=0, mode="clip"), (tokens, X)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return array_namespace(dY).zeros_like(cache[1]), self.parameter_gradients(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        tokens, _ = cache
        return {"W": add_rows(self.tokens, tokens.ravel(), dY.reshape(-1, self.units))}

    def check_input(self, X: Array, name: str) -> None:
        if X.size == 0:
            return
        whole = X.dtype.kind in "iub" or bool((np.floor(X) == X).all())
        if not whole or not (X.min() >= 0 and X.max() < self.tokens):
            raise DataError(
                f"{name} must hold tokens for {self!r}, whole numbers from 0 to {self.tokens - 1}; "
                f"it goes from {X.min()} to {X.max()}{'' if whole else ', with fractions'}"
            )

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        tokens, X = cache
        xp = array_namespace(X)
        hot = tokens[..., None] == xp.arange(self.tokens)
        return {
            "one_hot": lambda X: hot.astype(X.dtype),
            "rows": lambda Y: Y.reshape(-1, Y.shape[-1]),
        }
