"""Combinators: layers made of layers. Their parameters are a tree under the children's names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from chainrule.errors import ConfigurationError, ShapeError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Placed
from chainrule.namespace import Array
from chainrule.tree import Tree, has_leaves

RESERVED = ("running", "optimizer", "callbacks")  # which the model file needs


@dataclass(frozen=True, repr=False, init=False)
class Combinator(Layer):
    """Base of the layers made of layers; the children are named by position, "0", "1", ...

    Those given by keyword have that name instead, and come last: `names` are theirs.
    """

    layers: tuple[Layer, ...]
    names: tuple[str, ...] = ()

    def __init__(self, *layers: Layer, **named: Layer) -> None:
        every = (*layers, *named.values())
        for position, layer in enumerate(every):
            if not isinstance(layer, Layer):
                hint = f": did you mean {layer.__name__}()?" if isinstance(layer, type) else ""
                raise ConfigurationError(
                    f"{type(self).__name__}: argument {position} is no layer but {layer!r}{hint}"
                )
        for name in named:
            if not name.isidentifier() or name in RESERVED:
                raise ConfigurationError(
                    f"{type(self).__name__}: a layer cannot be called {name!r}: take a word"
                )
        object.__setattr__(self, "layers", every)
        object.__setattr__(self, "names", tuple(named))

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Return the layer from its stored fields."""
        layers, names = fields["layers"], fields.get("names", ())
        alone = len(layers) - len(names)
        return cls(*layers[:alone], **dict(zip(names, layers[alone:], strict=True)))

    def with_layers(self, layers: Sequence[Layer], names: tuple[str, ...] | None = None) -> Self:
        """Return the combinator with other layers under the same names, or under `names`."""
        chosen = self.names if names is None else names
        return self.from_fields({"layers": tuple(layers), "names": chosen})

    def __repr__(self) -> str:
        alone = len(self.layers) - len(self.names)
        parts = [repr(layer) for layer in self.layers[:alone]]
        parts += [f"{n}={layer!r}" for n, layer in self.children[alone:]]
        return f"{type(self).__name__}({', '.join(parts)})"

    @cached_property
    def children(self) -> tuple[tuple[str, Layer], ...]:
        """Name and layer of each child, in order."""
        alone = len(self.layers) - len(self.names)
        return tuple(zip((*map(str, range(alone)), *self.names), self.layers, strict=True))

    @cached_property
    def adapts(self) -> bool:  # type: ignore[override]
        """Whether any child learns from the data themselves."""
        return any(layer.adapts for layer in self.layers)

    @abstractmethod
    def inside(self, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        """Yield name, layer and input shape of each child."""

    def walk(self, shape: Shape, path: str = "") -> Iterator[Placed]:
        for name, layer, inner in self.inside(shape):
            yield from layer.walk(inner, f"{path}.{name}" if path else name)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return {name: layer.parameters(inner) for name, layer, inner in self.inside(shape)}

    def running(self, shape: Shape) -> dict[str, Any]:
        states = {name: layer.running(inner) for name, layer, inner in self.inside(shape)}
        return {name: state for name, state in states.items() if state}

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        if not state:
            return state
        return {n: layer.advance(state[n], cache[n]) for n, layer in self.children if n in state}


def shape_after(name: str, layer: Layer, shape: Shape) -> Shape:
    """Return a child's output shape; an error says which child it was."""
    try:
        return layer.output_shape(shape)
    except ShapeError as error:
        raise error.at(name) from None


@dataclass(frozen=True, repr=False, init=False)
class Sequential(Combinator):
    """Layers one after the other; the chain rule runs them backwards.

    Children are named by their position, "0", "1", ..., or by keyword.

    >>> from chainrule.layers import Dense, ReLU
    >>> network = Sequential(Dense(3), ReLU(), Dense(1))
    >>> network
    Sequential(Dense(3), ReLU(), Dense(1))
    >>> sorted(network.init((5,))["2"])
    ['W', 'b']
    >>> list(Sequential(trunk=network, head=Dense(2)).init((5,)))
    ['trunk', 'head']
    """

    def first(self, count: int) -> Sequential:
        """Return the first layers alone, with their names; from the end where negative.

        >>> from chainrule.layers import Dense, ReLU
        >>> Sequential(Dense(3), ReLU(), Dense(1)).first(-1)
        Sequential(Dense(3), ReLU())
        """
        kept = self.layers[:count]
        alone = len(self.layers) - len(self.names)
        return self.with_layers(kept, self.names[: max(len(kept) - alone, 0)])

    def inside(self, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
        for name, layer in self.children:
            yield name, layer, shape
            shape = shape_after(name, layer, shape)

    def output_shape(self, shape: Shape) -> Shape:
        for name, layer in self.children:
            shape = shape_after(name, layer, shape)
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

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        if not self.adapts:
            return state
        learning = max(i for i, layer in enumerate(self.layers) if layer.adapts)
        for i, (name, layer) in enumerate(self.children[: learning + 1]):
            if layer.adapts:
                state = {**state, name: layer.adapt(state[name], X, weights)}
            elif has_leaves(layer.parameters(X.shape[1:])):
                raise ConfigurationError(
                    f"{self.layers[learning]!r} learns from the data, so it must come before "
                    f"{layer!r}, which is trained"
                )
            if i < learning:
                X = layer.forward({}, X, Context(state=state.get(name, {})))[0]
        return state

    def check_input(self, X: Array, name: str) -> None:
        if self.layers:
            self.layers[0].check_input(X, name)
