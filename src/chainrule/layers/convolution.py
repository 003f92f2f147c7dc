"""Convolution, written as what it is: a dense layer on every window of the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.initializers import Initializer, Shape, Zeros
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.layers.windows import Padding, Size, Windows, pads_per_axis, per_axis
from chainrule.namespace import Array, array_namespace, column_sum, whole
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Convolution(Layer):
    """What Conv1D and Conv2D have in common; they differ in the number of `axes` alone."""

    filters: int
    kernel: Size
    stride: Size = 1
    padding: Padding | Literal["same"] = 0
    initializer: Initializer | None = None
    bias_initializer: Initializer = Zeros()
    axes: ClassVar[int]
    formulas = Formulas(
        forward={"Y": "patches(X) @ W + b"},
        backward={
            "dW": "rows(patches(X)).T @ rows(dY)",
            "db": "batch_sum(rows(dY))",
            "dX": "fold(dY @ W.T)",
        },
    )

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not isinstance(self.filters, int) or self.filters < 1:
            raise ConfigurationError(
                f"{name}: filters must be a positive integer, got {self.filters!r}"
            )
        if isinstance(self.padding, str) and self.padding != "same":
            raise ConfigurationError(
                f'{name}: padding must be a number or "same", got {self.padding!r}'
            )
        _ = self.windows

    @property
    def windows(self) -> Windows:
        """The windows that the filters look through."""
        name = type(self).__name__
        kernel = per_axis(self.kernel, self.axes, 1, f"{name}: kernel")
        stride = per_axis(self.stride, self.axes, 1, f"{name}: stride")
        if not isinstance(self.padding, str):
            pads = pads_per_axis(self.padding, self.axes, f"{name}: padding")
            return Windows(kernel, stride, pads)
        if any(s != 1 for s in stride):
            raise ConfigurationError(f'{name}: padding "same" needs stride 1, got {self.stride!r}')
        return Windows(kernel, stride, tuple(((k - 1) // 2, k // 2) for k in kernel))

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {
            "W": Spec((prod(self.windows.kernel) * shape[-1], self.filters), self.initializer),
            "b": Spec((self.filters,), self.bias_initializer),
        }

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != self.axes + 1:
            if self.axes == 2:
                hint = "grey images? put Reshape((height, width, 1)) before it"
                raise self.wrong_shape("(batch, height, width, channels)", shape, hint)
            raise self.wrong_shape("(batch, length, channels)", shape)
        places = self.windows.places(shape[:-1])
        if min(places) < 1:
            raise self.wrong_shape(f"an input no smaller than its kernel {self.kernel}", shape)
        return (*places, self.filters)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        P = self.patches(X)
        W, b = params["W"], params["b"]
        Y = P.reshape(-1, W.shape[0]) @ W + b
        return Y.reshape(*P.shape[:-1], self.filters), (P, X.shape)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        P, shape = cache
        dP = dY.reshape(-1, self.filters) @ params["W"].T
        dX = whole(self.fold(dP.reshape(P.shape), shape))
        return dX, self.parameter_gradients(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        P, _ = cache
        D = dY.reshape(-1, self.filters)
        return {"W": P.reshape(-1, P.shape[-1]).T @ D, "b": column_sum(D)}

    def patches(self, X: Array) -> Array:
        """Return every window as a row: (m, *size, c) -> (m, *places, kernel entries · c)."""
        return array_namespace(X).concatenate(self.windows.parts(whole(X)), axis=-1)

    def fold(self, P: Array, shape: Shape) -> Array:
        """Return the transpose of `patches`: each entry added to where it was taken from."""
        c = shape[-1]
        parts = [P[..., i : i + c] for i in range(0, P.shape[-1], c)]
        return self.windows.fold(parts, shape)

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        return {
            "patches": self.patches,
            "rows": lambda P: P.reshape(-1, P.shape[-1]),
            "fold": lambda P: self.fold(P, cache[1]),
        }


@dataclass(frozen=True, repr=False, eq=False)
class Conv2D(Convolution):
    """Convolution over images, channels last: the same small dense layer at every place.

    X (m, h, w, c) -> Y (m, h′, w′, filters), with W (k_h · k_w · c, filters) and b (filters,).
    `patches` makes each window a row, `fold` is its transpose and adds windows back:

        Y = patches(X) W + b,    dW = patches(X)ᵀ dY,    db = Σ rows of dY,    dX = fold(dY Wᵀ)

    `kernel`, `stride` and `padding` are one number or one per axis; h′ = (h + 2p − k) / s + 1,
    rounded down. `padding="same"` keeps the size; ((0, 1), (0, 1)) pads after the image alone. As
    everywhere in deep learning, the kernel is not turned round: it is a cross-correlation. Source:
    LeCun, Bottou, Bengio and Haffner, Proceedings of the IEEE 86 (1998); as a matrix product,
    Chellapilla, Puri and Simard (2006).

    >>> import numpy as np
    >>> layer = Conv2D(1, kernel=2)
    >>> params = {"W": np.array([[1.0], [0.0], [0.0], [-1.0]]), "b": np.zeros(1)}
    >>> X = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> Y, cache = layer.forward(params, X)
    >>> Y[0, :, :, 0]
    array([[-4., -4.],
           [-4., -4.]])
    >>> layer.backward(params, cache, np.ones((1, 2, 2, 1)))[0][0, :, :, 0]
    array([[ 1.,  1.,  0.],
           [ 1.,  0., -1.],
           [ 0., -1., -1.]])
    """

    axes = 2


@dataclass(frozen=True, repr=False, eq=False)
class Conv1D(Convolution):
    """Convolution along a sequence: X (m, n, c) -> Y (m, n′, filters), W (k · c, filters).

        Y = patches(X) W + b,    dW = patches(X)ᵀ dY,    db = Σ rows of dY,    dX = fold(dY Wᵀ)

    As Conv2D with one axis: n′ = (n + 2p − k) / s + 1, rounded down. Source: Waibel, Hanazawa,
    Hinton, Shikano and Lang, IEEE Transactions on Acoustics 37 (1989).

    >>> import numpy as np
    >>> params = {"W": np.array([[-1.0], [1.0]]), "b": np.zeros(1)}
    >>> Conv1D(1, kernel=2).forward(params, np.array([[[1.0], [4.0], [9.0]]]))[0].ravel()
    array([3., 5.])
    """

    axes = 1
