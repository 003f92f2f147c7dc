"""Layers at the door that learn from the training data themselves, once, before training.

What they learn is state that is not trained: it lives in the model, is stored in its file, and
treats every later input alike. `fit` lets them look at its training data the first time; until
then Standardize and Normalize pass their input through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError, DataError
from chainrule.initializers import Constant, Shape, Zeros
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree


def counted(X: Array, weights: Array | None) -> tuple[Array, Array | None]:
    """Return the samples that weigh more than 0, and their weights (None: all alike).

    >>> counted(np.array([[1.0], [2.0]]), np.array([0.0, 3.0]))
    (array([[2.]]), array([3.]))
    """
    if weights is None or not (weights > 0).any():
        return X, None
    heavy = weights > 0
    return X[heavy], weights[heavy]


@dataclass(frozen=True, repr=False, eq=False)
class Rescaling(Layer):
    """What Standardize and Normalize share: Y = (X − shift) / spread, over the last axis."""

    formulas = Formulas(forward={"Y": "(X - shift) / spread"}, backward={"dX": "dY / spread"})
    adapts = True

    def running(self, shape: Shape) -> dict[str, Any]:
        return {
            "shift": Spec(shape[-1:], Zeros()),
            "spread": Spec(shape[-1:], Constant(1.0)),
            "samples": Spec((1,), Zeros()),
        }

    def measure(self, X: Array, weights: Array | None) -> tuple[Array, Array]:
        """Return shift and spread of rows X (m, n) in float64."""
        raise NotImplementedError

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        if state["samples"][0]:
            return state
        X, weights = counted(X, weights)
        rows = X.reshape(-1, X.shape[-1])
        each = None if weights is None else weights.repeat(len(rows) // len(X))
        shift, spread = self.measure(rows, each)
        # A feature that is the same everywhere says nothing: it becomes 0, not a division by 0.
        spread = np.where(spread > 0, spread, 1.0)
        dtype = state["shift"].dtype
        samples = np.array([len(X)], dtype)
        return {"shift": shift.astype(dtype), "spread": spread.astype(dtype), "samples": samples}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp, one = array_namespace(X), X.shape[-1:]
        shift = ctx.state.get("shift", xp.zeros(one, X.dtype))
        spread = ctx.state.get("spread", xp.ones(one, X.dtype))
        return (X - shift) / spread, {"shift": shift, "spread": spread}

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY / cache["spread"], {}


@dataclass(frozen=True, repr=False, eq=False)
class Standardize(Rescaling):
    """Each feature brought to mean 0 and deviation 1 over the training data.

    X (m, ..., n) -> Y of the same shape: Y = (X − shift) / spread and dX = dY / spread, with the
    training data's mean and standard deviation (1/m) of each feature, the last axis. With sample
    weights both are weighted.

    >>> layer, X = Standardize(), np.array([[1.0, 7.0], [3.0, 7.0]])
    >>> state = layer.adapt({"shift": np.zeros(2), "spread": np.ones(2), "samples": np.zeros(1)}, X)
    >>> layer.forward({}, X, Context(state=state))[0]
    array([[-1.,  0.],
           [ 1.,  0.]])
    """

    def measure(self, X: Array, weights: Array | None) -> tuple[Array, Array]:
        if weights is None:
            return X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
        shares = weights.astype(np.float64) / weights.sum(dtype=np.float64)
        mean = shares @ X
        return mean, np.sqrt(shares @ (X - mean) ** 2)


@dataclass(frozen=True, repr=False, eq=False)
class Normalize(Rescaling):
    """Each feature brought to the range 0 to 1 of the training data; later ones may lie outside.

    X (m, ..., n) -> Y of the same shape: Y = (X − shift) / spread and dX = dY / spread, with the
    least entry and the range of each feature, the last axis.

    >>> layer, X = Normalize(), np.array([[1.0], [3.0], [2.0]])
    >>> state = layer.adapt({"shift": np.zeros(1), "spread": np.ones(1), "samples": np.zeros(1)}, X)
    >>> layer.forward({}, X, Context(state=state))[0].ravel()
    array([0. , 1. , 0.5])
    """

    def measure(self, X: Array, weights: Array | None) -> tuple[Array, Array]:
        least = X.min(axis=0).astype(np.float64)
        return least, X.max(axis=0).astype(np.float64) - least


@dataclass(frozen=True, repr=False, eq=False)
class OneHot(Layer):
    """Each column of category numbers becomes `categories` columns with a single 1 a row.

    X (m, n) -> Y (m, n · categories). The values that stand for a category in each column are
    those of the training data in ascending order, at most `categories` of them; a value that was
    not there gives a row of zeros. Y does not change when X moves a little, so dX is 0.

    >>> layer, X = OneHot(3), np.array([[7.0], [3.0], [7.0]])
    >>> state = {"values": np.zeros((1, 3)), "known": np.zeros(1), "samples": np.zeros(1)}
    >>> layer.forward({}, X, Context(state=layer.adapt(state, X)))[0]
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 1., 0.]])
    """

    categories: int
    formulas = Formulas(forward={"Y": "one_hot(X)"}, backward={"dX": "0 * X"})
    adapts = True

    def __post_init__(self) -> None:
        if not isinstance(self.categories, int) or self.categories < 1:
            raise ConfigurationError(
                f"OneHot: categories must be a positive integer, got {self.categories!r}"
            )

    def running(self, shape: Shape) -> dict[str, Any]:
        return {
            "values": Spec((shape[0], self.categories), Zeros()),
            "known": Spec((shape[0],), Zeros()),
            "samples": Spec((1,), Zeros()),
        }

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise self.wrong_shape("(batch, columns)", shape)
        return (shape[0] * self.categories,)

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        if state["samples"][0]:
            return state
        X, _ = counted(X, weights)
        values, known = np.zeros_like(state["values"]), np.zeros_like(state["known"])
        for j in range(X.shape[1]):
            distinct = np.unique(X[:, j])
            if len(distinct) > self.categories:
                raise DataError(
                    f"column {j} holds {len(distinct)} different values, but {self!r} has room for "
                    f"{self.categories}: use OneHot({len(distinct)}), or leave that column out"
                )
            values[j, : len(distinct)], known[j] = distinct, len(distinct)
        samples = np.array([len(X)], values.dtype)
        return {"values": values, "known": known, "samples": samples}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        if not ctx.state:
            raise ConfigurationError(
                f"{self!r} has seen no data: fit the model, or call model.adapt(x), first"
            )
        return self._hot(X, ctx.state), (X, ctx.state)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return array_namespace(dY).zeros_like(cache[0]), {}

    def _hot(self, X: Array, state: Mapping[str, Any]) -> Array:
        places = array_namespace(X).arange(self.categories)
        hit = (X[:, :, None] == state["values"]) & (places < state["known"][:, None])
        return hit.astype(X.dtype).reshape(X.shape[0], X.shape[1] * self.categories)

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return {"one_hot": lambda X: self._hot(X, cache[1])}
