"""Pooling: one number for every window, or for the whole image, in each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from math import inf, prod
from operator import add
from typing import Any

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.windows import Padding, Size, Windows, pads_per_axis, per_axis
from chainrule.namespace import Array, array_namespace, whole
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Pooling(Layer):
    """What the poolings over windows have in common. `stride=None` is the kernel: no overlap.

    `padding` is as in Conv2D, and smaller than the kernel: each window holds some of the image.
    """

    kernel: Size = 2
    stride: Size | None = None
    padding: Padding = 0

    def __post_init__(self) -> None:
        given = (self.kernel, self.stride, self.padding)
        self.windows(max([len(v) for v in given if isinstance(v, tuple)], default=2))

    def windows(self, axes: int) -> Windows:
        """Return the windows over an input with this many axes between samples and channels."""
        name = type(self).__name__
        kernel = per_axis(self.kernel, axes, 1, f"{name}: kernel")
        given = self.kernel if self.stride is None else self.stride
        stride = per_axis(given, axes, 1, f"{name}: stride")
        pads = pads_per_axis(self.padding, axes, f"{name}: padding")
        if any(max(pair) >= k for pair, k in zip(pads, kernel, strict=True)):
            raise ConfigurationError(
                f"{name}: padding must be smaller than the kernel, got {self.padding!r} for "
                f"{self.kernel!r}: some windows would hold nothing"
            )
        return Windows(kernel, stride, pads)

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) < 2:
            raise self.wrong_shape("(batch, height, width, channels)", shape)
        places = self.windows(len(shape) - 1).places(shape[:-1])
        if min(places) < 1:
            raise self.wrong_shape(f"an input no smaller than its kernel {self.kernel}", shape)
        return (*places, shape[-1])


@dataclass(frozen=True, repr=False, eq=False)
class MaxPool(Pooling):
    """The largest entry of each window: (m, h, w, c) -> (m, h′, w′, c), or (m, n, c) -> (m, n′, c).

    The gradient goes to that entry, and to the first of several that are equal. In the formulas
    `parts(X)` (k, m, h′, w′, c) holds the k entries of every window, and `first` marks the first
    of the largest. Rows and columns that no window reaches get no gradient. Source: Ranzato, Huang,
    Boureau and LeCun, CVPR 2007.

    >>> import numpy as np
    >>> X = np.array([1.0, 3.0, 2.0, 2.0]).reshape(1, 4, 1)
    >>> Y, cache = MaxPool(2).forward({}, X)
    >>> Y.ravel(), MaxPool(2).backward({}, cache, Y)[0].ravel()
    (array([3., 2.]), array([0., 3., 2., 0.]))
    """

    formulas = Formulas(
        forward={"Y": "part_max(parts(X))"}, backward={"dX": "fold(first(parts(X)) * dY)"}
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        xp = array_namespace(X)
        Y, *others = self.windows(X.ndim - 2).parts(X, fill=-inf)
        winner = xp.zeros(Y.shape, xp.int8 if len(others) < 128 else xp.int32)
        for i, part in enumerate(others, 1):
            winner = xp.maximum(winner, (part > Y) * winner.dtype.type(i))
            Y = xp.maximum(Y, part)
        return whole(Y), (winner, X.shape)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        winner, shape = cache
        return self.windows(len(shape) - 2).place(winner, dY, shape), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        winner, shape = cache
        windows, xp = self.windows(len(shape) - 2), array_namespace(winner)
        return {
            "part_max": lambda P: P.max(axis=0),
            "parts": lambda X: xp.stack(windows.parts(X, fill=-inf)),
            "first": first,
            "fold": lambda P: windows.fold(list(P), shape),
        }


def first(parts: Array) -> Array:
    """Return 1 at the first position (axis 0) that holds the maximum, 0 elsewhere."""
    places = array_namespace(parts).arange(len(parts)).reshape(-1, *(1,) * (parts.ndim - 1))
    return (parts.argmax(axis=0) == places).astype(parts.dtype)


@dataclass(frozen=True, repr=False, eq=False)
class AveragePool(Pooling):
    """The mean of each window; with padding, the zeros around the image count as entries.

        Y = Σ_i parts_i(X) / k,    dX = fold(dY / k for each of the k entries)

    Shapes as in MaxPool. Source: LeCun, Bottou, Bengio and Haffner (1998), its subsampling.

    >>> import numpy as np
    >>> AveragePool(2).forward({}, np.array([1.0, 3.0, 2.0, 4.0]).reshape(1, 4, 1))[0].ravel()
    array([2., 3.])
    """

    formulas = Formulas(
        forward={"Y": "part_sum(X) / entries(X)"}, backward={"dX": "fold(dY / entries(dY))"}
    )

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        windows = self.windows(X.ndim - 2)
        return reduce(add, windows.parts(X)) / prod(windows.kernel), X.shape

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        windows = self.windows(len(cache) - 2)
        k = prod(windows.kernel)
        return windows.fold([dY / k] * k, cache), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Any]]:
        windows = self.windows(len(cache) - 2)
        k = prod(windows.kernel)
        return {
            "part_sum": lambda X: reduce(add, windows.parts(X)),
            "entries": lambda X: k,
            "fold": lambda D: windows.fold([D] * k, cache),
        }


@dataclass(frozen=True, repr=False, eq=False)
class GlobalAveragePool(Layer):
    """The mean of each channel over the whole image or sequence: (m, ..., c) -> (m, c).

        y_c = 1/k Σ x_c over the k places,    dX = dY / k at every place

    Source: Lin, Chen and Yan, "Network in network", ICLR 2014.

    >>> import numpy as np
    >>> GlobalAveragePool().forward({}, np.array([[[1.0, 5.0], [3.0, 5.0]]]))[0]
    array([[2., 5.]])
    """

    formulas = Formulas(
        forward={"Y": "place_sum(X) / places(X)"}, backward={"dX": "everywhere(dY / places(dY))"}
    )

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) < 2:
            raise self.wrong_shape("(batch, height, width, channels)", shape)
        return shape[-1:]

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return X.mean(axis=tuple(range(1, X.ndim - 1))), X.shape

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return _everywhere(dY / prod(cache[1:-1]), cache), {}

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Any]]:
        return {
            "place_sum": lambda X: X.sum(axis=tuple(range(1, X.ndim - 1))),
            "places": lambda X: prod(cache[1:-1]),
            "everywhere": lambda D: _everywhere(D, cache),
        }


def _everywhere(D: Array, shape: Shape) -> Array:
    m, *inner, c = shape
    return array_namespace(D).broadcast_to(D.reshape(m, *(1 for _ in inner), c), shape)
