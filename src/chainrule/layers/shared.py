"""Sharing: one set of parameters in several places, by a name of its own.

    Sequential(Shared("trunk", Dense(8)), Tanh(), Shared("trunk", Dense(8)))

The network then is a `Tied` one: the parameters are kept once, under "trunk", handed to every
place in the forward pass, and the gradients from all places add up, as the chain rule says for a
letter that occurs twice. `tie` does this when a model is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.layers.base import INFERENCE, Context, Layer, Placed
from chainrule.layers.combinators import RESERVED, Combinator
from chainrule.namespace import Array
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Shared(Layer):
    """`layer`, with the parameters that all places called `name` share.

    Its state that is not trained and its random numbers stay each place's own.

    >>> from chainrule.layers import Dense
    >>> Shared("trunk", Dense(3))
    Shared('trunk', Dense(3))
    """

    name: str
    layer: Layer

    def __post_init__(self) -> None:
        word = isinstance(self.name, str) and self.name.isidentifier()
        if not word or self.name in RESERVED:
            raise ConfigurationError(
                f"Shared: name must be a word that starts with a letter, got {self.name!r}"
            )
        if not isinstance(self.layer, Layer):
            raise ConfigurationError(f"Shared: layer must be a Layer, got {self.layer!r}")

    @property
    def adapts(self) -> bool:  # type: ignore[override]
        """Whether the layer learns from the data themselves."""
        return self.layer.adapts

    def walk(self, shape: Shape, path: str = "") -> Iterator[Placed]:
        return self.layer.walk(shape, path)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        return self.layer.parameters(shape)

    def running(self, shape: Shape) -> dict[str, Any]:
        return self.layer.running(shape)

    def output_shape(self, shape: Shape) -> Shape:
        return self.layer.output_shape(shape)

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return self.layer.forward(params, X, ctx)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        return self.layer.backward(params, cache, dY)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        return self.layer.parameter_gradients(params, cache, dY)

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        return self.layer.advance(state, cache)

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        return self.layer.adapt(state, X, weights)

    def check_input(self, X: Array, name: str) -> None:
        self.layer.check_input(X, name)


@dataclass(frozen=True, repr=False, eq=False)
class Tied(Layer):
    """A network with shared layers: its parameters without them, and theirs under their names."""

    network: Layer

    @cached_property
    def places(self) -> dict[tuple[str, ...], str]:
        """The path of every shared layer, and its name."""
        return dict(shared_places(self.network))

    @property
    def adapts(self) -> bool:  # type: ignore[override]
        """Whether any layer learns from the data themselves."""
        return self.network.adapts

    def walk(self, shape: Shape, path: str = "") -> Iterator[Placed]:
        """Yield every layer; of those that share, the first at its name and no other."""
        seen: set[str] = set()
        for place in self.network.walk(shape, path):
            at = tuple(place.path.split("."))
            whole = next((p for p in self.places if at[: len(p)] == p), None)
            if whole is None:
                yield place
                continue
            name = self.places[whole]
            first = next(p for p, n in self.places.items() if n == name)
            own = ".".join((name, *at[len(whole) :]))
            if whole == first and own not in seen:
                seen.add(own)
                yield place._replace(path=own)

    def parameters(self, shape: Shape) -> dict[str, Any]:
        specs = self.network.parameters(shape)
        once: Tree = {}
        for path, name in self.places.items():
            found = entry(specs, path)
            if once.setdefault(name, found) != found:
                raise ConfigurationError(
                    f'Shared("{name}", ...) has parameters of other shapes at "{".".join(path)}" '
                    f"than at its first place: the inputs differ, or the layers do"
                )
            specs = with_entry(specs, path, {})
        return {**specs, **once}

    def running(self, shape: Shape) -> dict[str, Any]:
        return self.network.running(shape)

    def output_shape(self, shape: Shape) -> Shape:
        return self.network.output_shape(shape)

    def spread(self, params: Tree) -> Tree:
        """Return the parameters as the network wants them: the shared ones at every place."""
        for path, name in self.places.items():
            params = with_entry(params, path, params[name])
        return params

    def gathered(self, params: Tree, gradients: Tree) -> Tree:
        """Return the gradients, those of the shared layers added up over their places."""
        sums: Tree = {}
        for path, name in self.places.items():
            part = entry(gradients, path)
            sums[name] = added(sums[name], part) if name in sums else part
            gradients = with_entry(gradients, path, {})
        return {**gradients, **sums}

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        return self.network.forward(self.spread(params), X, ctx)

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        dX, gradients = self.network.backward(self.spread(params), cache, dY)
        return dX, self.gathered(params, gradients)

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        gradients = self.network.parameter_gradients(self.spread(params), cache, dY)
        return self.gathered(params, gradients)

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        return self.network.advance(state, cache)

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        return self.network.adapt(state, X, weights)

    def check_input(self, X: Array, name: str) -> None:
        self.network.check_input(X, name)


def tie(network: Layer) -> Layer:
    """Return the network with its shared layers tied together, or itself where it has none."""
    places = list(shared_places(network))
    own = dict(network.children) if isinstance(network, Combinator) else {}
    layers: dict[str, Layer] = {}
    for path, name in places:
        layer = at_path(network, path).layer
        if name in own:
            raise ConfigurationError(
                f'Shared("{name}", ...) and a layer of the network have the same name'
            )
        if layers.setdefault(name, layer) != layer:
            raise ConfigurationError(
                f'Shared("{name}", ...) stands for {layers[name]!r} and, at "{".".join(path)}", '
                f"for {layer!r}: one name, one layer"
            )
    return Tied(network) if places else network


def shared_places(
    layer: Layer, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the name of every shared layer, in order."""
    if isinstance(layer, Shared):
        if any(True for _ in shared_places(layer.layer)):
            raise ConfigurationError(f"{layer!r}: a shared layer cannot hold another one")
        yield path, layer.name
    elif isinstance(layer, Combinator):
        for name, child in layer.children:
            yield from shared_places(child, (*path, name))


def at_path(layer: Layer, path: tuple[str, ...]) -> Shared:
    """Return the shared layer at a path."""
    for name in path:
        assert isinstance(layer, Combinator)
        layer = dict(layer.children)[name]
    assert isinstance(layer, Shared)
    return layer


def entry(tree: Tree, path: tuple[str, ...]) -> Any:
    """Return the part of a tree at a path."""
    for name in path:
        tree = tree[name]
    return tree


def with_entry(tree: Tree, path: tuple[str, ...], value: Any) -> Tree:
    """Return the tree with another part at a path."""
    if not path:
        return value
    first, *rest = path
    return {**tree, first: with_entry(tree[first], tuple(rest), value)}


def added(one: Tree, other: Tree) -> Tree:
    """Return the sum of two trees of the same names."""
    return {
        name: added(node, other[name]) if isinstance(node, dict) else node + other[name]
        for name, node in one.items()
    }
