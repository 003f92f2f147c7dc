"""Combinators: layers made of layers. Their parameters are a tree under the children's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.errors import ConfigurationError, ShapeError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Placed
from chainrule.namespace import Array
from chainrule.tree import Tree, has_leaves


@dataclass(frozen=True, repr=False, init=False)
class Sequential(Layer):
    """Layers one after the other; the chain rule runs them backwards.

    Children are named by their position, "0", "1", ...

    >>> from chainrule.layers import Dense, ReLU
    >>> network = Sequential(Dense(3), ReLU(), Dense(1))
    >>> network
    Sequential(Dense(3), ReLU(), Dense(1))
    >>> sorted(network.init((5,))["2"])
    ['W', 'b']
    """

    layers: tuple[Layer, ...]

    def __init__(self, *layers: Layer) -> None:
        for position, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                hint = f": did you mean {layer.__name__}()?" if isinstance(layer, type) else ""
                raise ConfigurationError(
                    f"Sequential: argument {position} is no layer but {layer!r}{hint}"
                )
        object.__setattr__(self, "layers", tuple(layers))

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Sequential:
        """Return the layer from its stored fields."""
        return cls(*fields["layers"])

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"

    @cached_property
    def children(self) -> tuple[tuple[str, Layer], ...]:
        """Name and layer of each child, in order."""
        return tuple((str(position), layer) for position, layer in enumerate(self.layers))

    def walk(self, shape: Shape, path: str = "") -> Iterator[Placed]:
        for name, layer in self.children:
            yield from layer.walk(shape, f"{path}.{name}" if path else name)
            shape = layer.output_shape(shape)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        specs = {}
        for name, layer in self.children:
            specs[name] = layer.parameters(shape)
            shape = layer.output_shape(shape)
        return specs

    def output_shape(self, shape: Shape) -> Shape:
        for name, layer in self.children:
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                raise error.at(name) from None
        return shape

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        caches = {}
        for name, layer in self.children:
            X, caches[name] = layer.forward(params[name], X, ctx.at(name))
        return X, caches

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        gradients: Tree = {name: {} for name, _ in self.children}  # shown in the layers' order
        for name, layer in reversed(self.children):
            dY, gradients[name] = layer.backward(params[name], cache[name], dY)
        return dY, gradients

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        gradients: Tree = {name: {} for name in params}
        learning = [child for child in self.children if has_leaves(params[child[0]])]
        if not learning:
            return gradients
        first = learning[0][0]
        for name, layer in reversed(self.children):
            if name == first:  # nothing before it learns, so its dX is not needed
                gradients[name] = layer.parameter_gradients(params[name], cache[name], dY)
                return gradients
            dY, gradients[name] = layer.backward(params[name], cache[name], dY)
        return gradients

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        if not state:
            return state
        return {n: layer.advance(state[n], cache[n]) for n, layer in self.children if n in state}
