"""Layers at the door of a network: they rescale or rearrange the input and learn nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Scale(Layer):
    """Y = factor · X and dX = factor · dY: brings pixels of 0 to 255 to 0 to 1, say.

    >>> import numpy as np
    >>> Scale(0.5).forward({}, np.array([[2.0, 4.0]]))[0]
    array([[1., 2.]])
    >>> Scale(1 / 255)
    Scale(1 / 255)
    """

    factor: float
    formulas = Formulas(forward={"Y": "factor * X"}, backward={"dX": "factor * dY"})

    def __post_init__(self) -> None:
        if not (isinstance(self.factor, int | float) and 0 < abs(self.factor) < float("inf")):
            raise ConfigurationError(
                f"Scale: factor must be a finite number other than 0, got {self.factor!r}"
            )

    def __repr__(self) -> str:
        whole = round(1 / self.factor)
        is_share = len(repr(self.factor)) > 8 and whole and 1 / whole == self.factor
        return f"Scale(1 / {whole})" if is_share else f"Scale({self.factor!r})"

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X * self.factor, None

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY * self.factor, {}


@dataclass(frozen=True, repr=False, eq=False)
class Flatten(Layer):
    """Each sample as one row: (m, 28, 28) -> (m, 784); the gradient is folded back.

    >>> import numpy as np
    >>> Flatten().forward({}, np.zeros((2, 3, 4)))[0].shape
    (2, 12)
    """

    formulas = Formulas(forward={"Y": "rows(X)"}, backward={"dX": "image(dY)"})

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X.reshape(X.shape[0], prod(X.shape[1:])), X.shape

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY.reshape(cache), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return {
            "rows": lambda X: X.reshape(X.shape[0], prod(X.shape[1:])),
            "image": lambda Y: Y.reshape(cache),
        }


@dataclass(frozen=True, repr=False, eq=False)
class Reshape(Layer):
    """The same entries in another shape per sample: (m, 28, 28) -> (m, 28, 28, 1), say.

    One size may be -1: as many as there are entries left. The gradient is folded back.

    >>> import numpy as np
    >>> Reshape((2, -1)).forward({}, np.zeros((5, 6)))[0].shape
    (5, 2, 3)
    """

    shape: tuple[int, ...]
    formulas = Formulas(forward={"Y": "image(X)"}, backward={"dX": "rows(dY)"})

    def __post_init__(self) -> None:
        shape = self.shape
        good = isinstance(shape, tuple) and all(isinstance(n, int) and n >= -1 for n in shape)
        if not good or 0 in shape or shape.count(-1) > 1:
            raise ConfigurationError(
                f"Reshape: shape must be positive integers, at most one of them -1, got {shape!r}"
            )

    def output_shape(self, shape: Shape) -> Shape:
        known, entries = prod(n for n in self.shape if n != -1), prod(shape)
        if entries % known or (-1 not in self.shape and entries != known):
            raise self.wrong_shape(f"{known} entries a sample", shape, f"these are {entries}")
        return tuple(entries // known if n == -1 else n for n in self.shape)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X.reshape(X.shape[0], *self.output_shape(X.shape[1:])), X.shape

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return dY.reshape(cache), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        shape = self.output_shape(cache[1:])
        return {
            "image": lambda X: X.reshape(X.shape[0], *shape),
            "rows": lambda Y: Y.reshape(cache),
        }


@dataclass(frozen=True, repr=False, eq=False)
class Slice(Layer):
    """Some neighbouring features alone, from `start` up to but without `stop`: X (m, ..., n) -> Y.

    Y is (m, ..., stop − start): of images, some channels. The features that are left out do not
    move Y, so dX is dY at its place and 0 elsewhere.

    >>> import numpy as np
    >>> layer = Slice(1, 3)
    >>> Y, cache = layer.forward({}, np.array([[1.0, 2.0, 3.0, 4.0]]))
    >>> Y
    array([[2., 3.]])
    >>> layer.backward({}, cache, Y)[0]
    array([[0., 2., 3., 0.]])
    """

    start: int
    stop: int
    formulas = Formulas(forward={"Y": "slice(X)"}, backward={"dX": "in_place(dY)"})

    def __post_init__(self) -> None:
        whole = isinstance(self.start, int) and isinstance(self.stop, int)
        if not whole or not 0 <= self.start < self.stop:
            raise ConfigurationError(
                f"Slice: start and stop must be whole numbers, 0 <= start < stop, "
                f"got {self.start!r} and {self.stop!r}"
            )

    def output_shape(self, shape: Shape) -> Shape:
        if not shape or shape[-1] < self.stop:
            raise self.wrong_shape(f"(batch, ..., {self.stop} features or more)", shape)
        return (*shape[:-1], self.stop - self.start)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X[..., self.start : self.stop], X.shape[-1]

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        xp, places = array_namespace(dY), dY.shape[:-1]
        before = xp.zeros((*places, self.start), dY.dtype)
        after = xp.zeros((*places, cache - self.stop), dY.dtype)
        return xp.concatenate([before, dY, after], axis=-1), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return {
            "slice": lambda X: X[..., self.start : self.stop],
            "in_place": lambda dY: self.backward({}, cache, dY)[0],
        }
