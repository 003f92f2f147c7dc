"""Combinators with more than one way from input to output. Where ways meet, gradients add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from operator import add
from typing import Any

from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.combinators import Combinator, Sequential, shape_after
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree, has_leaves


@dataclass(frozen=True, repr=False, init=False)
class Residual(Combinator):
    """Layers in a row, and the input added to what they give: Y = X + F(X).

        dX = dY + the gradient that F sends back

    F keeps the shape; where it does not, add a projection by hand: Sum(Dense(n), F). Source: He,
    Zhang, Ren and Sun, CVPR 2016.

    >>> import numpy as np
    >>> from chainrule.layers import Scale
    >>> Residual(Scale(3.0)).forward({"0": {}}, np.array([[1.0]]))[0]
    array([[4.]])
    """

    @cached_property
    def body(self) -> Sequential:
        """The layers in a row: F."""
        return Sequential().with_layers(self.layers, self.names)

    def inside(self, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        return self.body.inside(shape)

    def output_shape(self, shape: Shape) -> Shape:
        after = self.body.output_shape(shape)
        if after != shape:
            given = ", ".join(["batch", *map(str, after)])
            hint = f"its layers give ({given}), use Sum(a projection, Sequential(...))"
            raise self.wrong_shape("layers that keep the shape", shape, hint)
        return shape

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        F, cache = self.body.forward(params, X, ctx)
        return X + F, cache

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        dX, gradients = self.body.backward(params, cache, dY)
        return dY + dX, gradients

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        return self.body.parameter_gradients(params, cache, dY)

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        return self.body.adapt(state, X, weights)

    def check_input(self, X: Array, name: str) -> None:
        self.body.check_input(X, name)


@dataclass(frozen=True, repr=False, init=False)
class Branches(Combinator):
    """What Sum and Concatenate have in common: every branch gets the whole input."""

    def __init__(self, *layers: Layer, **named: Layer) -> None:
        super().__init__(*layers, **named)
        if not self.layers:
            raise ConfigurationError(f"{type(self).__name__}: at least one layer is needed")

    def inside(self, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        for name, layer in self.children:
            yield name, layer, shape

    def shapes(self, shape: Shape) -> list[Shape]:
        """Return each branch's output shape."""
        return [shape_after(name, layer, shape) for name, layer in self.children]

    def outputs(self, params: Tree, X: Array, ctx: Context) -> tuple[list[Array], dict[str, Any]]:
        """Return each branch's output, and its cache by name."""
        passes = {n: layer.forward(params[n], X, ctx.at(n)) for n, layer in self.children}
        return [Y for Y, _ in passes.values()], {n: cache for n, (_, cache) in passes.items()}

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        looked = {
            n: layer.adapt(state[n], X, weights) for n, layer in self.children if layer.adapts
        }
        return {**state, **looked}

    def check_input(self, X: Array, name: str) -> None:
        for layer in self.layers:
            layer.check_input(X, name)

    def split(self, cache: Any, dY: Array) -> list[Array]:
        """Return what of dY each branch gets."""
        raise NotImplementedError

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        dX, gradients = [], {}
        for (n, layer), d in zip(self.children, self.split(cache, dY), strict=True):
            back, gradients[n] = layer.backward(params[n], cache[n], d)
            dX.append(back)
        return reduce(add, dX), gradients

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        return {
            n: layer.parameter_gradients(params[n], cache[n], d) if has_leaves(params[n]) else {}
            for (n, layer), d in zip(self.children, self.split(cache, dY), strict=True)
        }


@dataclass(frozen=True, repr=False, init=False)
class Sum(Branches):
    """Branches side by side, added: Y = Σ_i F_i(X), and dX = Σ_i of what each sends back for dY.

    All branches give the same shape.

    >>> import numpy as np
    >>> from chainrule.layers import Identity, Scale
    >>> Sum(Identity(), Scale(2.0)).forward({"0": {}, "1": {}}, np.array([[1.0]]))[0]
    array([[3.]])
    """

    def output_shape(self, shape: Shape) -> Shape:
        shapes = self.shapes(shape)
        if len(set(shapes)) > 1:
            given = ", ".join(map(str, shapes))
            raise self.wrong_shape(f"branches of one output shape, theirs are {given}", shape)
        return shapes[0]

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        outputs, cache = self.outputs(params, X, ctx)
        return reduce(add, outputs), cache

    def split(self, cache: Any, dY: Array) -> list[Array]:
        return [dY] * len(self.layers)


@dataclass(frozen=True, repr=False, init=False)
class Concatenate(Branches):
    """Branches side by side, joined along the features: Y = [F_0(X), F_1(X), ...].

    dY is cut at the same places, and dX is the sum of what the branches send back.

    >>> import numpy as np
    >>> from chainrule.layers import Identity, Scale
    >>> Concatenate(Identity(), Scale(2.0)).forward({"0": {}, "1": {}}, np.array([[1.0]]))[0]
    array([[1., 2.]])
    """

    def output_shape(self, shape: Shape) -> Shape:
        shapes = self.shapes(shape)
        if len({s[:-1] for s in shapes}) > 1 or not all(shapes):
            given = ", ".join(map(str, shapes))
            raise self.wrong_shape(
                f"branches that differ in their features alone, theirs are {given}", shape
            )
        return (*shapes[0][:-1], sum(s[-1] for s in shapes))

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        outputs, cache = self.outputs(params, X, ctx)
        cache[""] = tuple(Y.shape[-1] for Y in outputs)
        return array_namespace(X).concatenate(outputs, axis=-1), cache

    def split(self, cache: Any, dY: Array) -> list[Array]:
        ends = list(accumulate(cache[""]))
        return [dY[..., a:b] for a, b in zip([0, *ends], ends, strict=False)]
