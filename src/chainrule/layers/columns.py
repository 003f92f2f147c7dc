"""A layer for boards that keep samples in columns: the same code, seen transposed.

Most boards and most textbooks write Y = W X + b, with each sample a column of X, W of shape
(outputs, inputs) and b a column. Turning a matrix changes its orientation and nothing else, so
the column layer turns its arrays, calls the row layer, and turns the results back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ShapeError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array
from chainrule.tree import Tree, map_leaves


def to_columns(p: Array) -> Array:
    """Return a parameter as a board with columns writes it: W turned, b as a column."""
    return p[:, None] if p.ndim == 1 else p.T


def to_rows(p: Array, shape: Shape) -> Array:
    """Return a board's parameter as the code keeps it, in `shape`: W (in, out), b (units,)."""
    return p.reshape(shape) if len(shape) == 1 else p.T


def tree_to_rows(params: Tree, specs: Mapping[str, Any]) -> Tree:
    """Return a whole tree as the code keeps it; the specs say what is a vector."""
    return {
        name: to_rows(params[name], spec.shape)
        if isinstance(spec, Spec)
        else tree_to_rows(params[name], spec)
        for name, spec in specs.items()
    }


@dataclass(frozen=True)
class Columns:
    """A layer whose X is (n, m): samples in columns, W (outputs, inputs), b (outputs, 1).

    Made by `columns(layer)`; a whole network turns like a single layer.

        Y = W X + b,    dW = dY Xᵀ,    db = Σ columns of dY,    dX = Wᵀ dY

    >>> import numpy as np
    >>> from chainrule.layers import Dense
    >>> layer = columns(Dense(2))
    >>> params = {"W": np.array([[1.0, 3.0], [2.0, 4.0]]), "b": np.array([[0.0], [1.0]])}
    >>> Y, cache = layer.forward(params, np.array([[1.0], [1.0]]))
    >>> Y
    array([[4.],
           [7.]])
    >>> dX, grads = layer.backward(params, cache, np.array([[1.0], [0.0]]))
    >>> grads["W"]
    array([[1., 1.],
           [0., 0.]])
    """

    layer: Layer

    def init(self, shape: Shape, seed: int = 0, dtype: str = "float32") -> Tree:
        """Return the initial parameters of `layer`, turned."""
        return map_leaves(to_columns, self.layer.init(shape, seed, dtype))

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        """X (n, m) -> Y (units, m), and the cache for `backward`."""
        if X.ndim != 2:
            raise ShapeError(f"expected (features, samples), got {X.shape}", self)
        rows = tree_to_rows(params, self.layer.parameters(X.shape[:1]))
        Y, cache = self.layer.forward(rows, X.T, ctx)
        return Y.T, (rows, cache)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        """Return dX (n, m) and the gradients in the parameters' own orientation."""
        rows, inner = cache
        dX, gradients = self.layer.backward(rows, inner, dY.T)
        return dX.T, map_leaves(to_columns, gradients)


def columns(layer: Layer) -> Columns:
    """Return the same layer for samples in columns."""
    return Columns(layer)
