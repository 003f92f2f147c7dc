"""The contract of a layer. Read this file and `dense.py`, and you can write one.

A layer is a frozen dataclass: two pure functions and a formula, and no arrays.

    forward(params, X, ctx)      -> Y, cache
    backward(params, cache, dY)  -> dX, gradients

`X` has samples in rows, `(m, ...)`. `dY` is the gradient of the loss with respect to Y, and
`backward` returns those with respect to X and to each parameter: always the true derivative of
`forward`, never one that is right only under a certain loss. Neither writes to what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from chainrule.derivation import Formulas
from chainrule.description import Description
from chainrule.errors import ShapeError
from chainrule.initializers import GlorotUniform, Initializer, Shape
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.tree import Tree


class Context(NamedTuple):
    """What one pass tells its layers: mode, randomness, and state that is not trained."""

    training: bool = False
    rng: Rng | None = None
    state: Mapping[str, Any] = {}

    def at(self, name: str) -> Context:
        """Return the context of the child called `name`."""
        if self.rng is None and not self.state:
            return self
        rng = None if self.rng is None else self.rng.at(name)
        return Context(self.training, rng, self.state.get(name, {}))


INFERENCE = Context()


class Spec(NamedTuple):
    """Shape of a parameter; an initializer left as None is chosen by the network."""

    shape: Shape
    initializer: Initializer | None = None


class Placed(NamedTuple):
    """A layer at its place in a network: its dotted path, and the shapes of one sample."""

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape


class Layer(Description):
    """Base of all layers. Shapes are those of one sample, without the batch axis."""

    formulas: ClassVar[Formulas] = Formulas()
    initializer_before: ClassVar[Initializer | None] = None  # what suits the weights before it
    adapts: ClassVar[bool] = False  # learns from the data themselves, before any training
    # Matrices W that it asks for X W and Wᵀ alone, so that an engine may compute these in its own
    # way. Not inherited: each class says it of its own passes.
    factors: ClassVar[frozenset[str]] = frozenset()

    def parameters(self, shape: Shape) -> dict[str, Any]:
        """Return name -> Spec for an input of this shape (name -> dict in a combinator)."""
        return {}

    def running(self, shape: Shape) -> dict[str, Any]:
        """Return name -> Spec of the state that is not trained: `ctx.state` holds its arrays."""
        return {}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the output's shape; raise ShapeError where the input's does not fit."""
        return shape

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        """Return Y and the cache that `backward` needs."""
        raise NotImplementedError

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        """Return dX and the gradients, under the parameters' names."""
        raise NotImplementedError

    def parameter_gradients(self, params: Tree, cache: Any, dY: Array) -> Tree:
        """Return the gradients alone: all that training asks of the first layer."""
        return self.backward(params, cache, dY)[1]

    def advance(self, state: Mapping[str, Any], cache: Any) -> Mapping[str, Any]:
        """Return the state that is not trained, after this pass."""
        return state

    def adapt(
        self, state: Mapping[str, Any], X: Array, weights: Array | None = None
    ) -> Mapping[str, Any]:
        """Return the state after a look at the training data; what has looked before stays.

        `weights` (m,) say how much each sample counts (None: all alike).
        """
        return state

    def formulas_of(self, cache: Any) -> Formulas:
        """Return the formulas of the pass that left this cache, where they depend on its mode."""
        return self.formulas

    def structural(self, cache: Any) -> Mapping[str, Callable[..., Array]]:
        """Return the functions, if any, that only rearrange entries and that `formulas` names."""
        return {}

    def check_input(self, X: Array, name: str) -> None:
        """Raise DataError for entries that a network which begins with this layer cannot take."""

    def multiply_adds(self, shape: Shape) -> int:
        """Return how many products with weights one sample's forward pass takes.

        Each matrix of weights is used once at every position of the output.
        """
        positions = prod(self.output_shape(shape)[:-1])
        specs = self.parameters(shape).values()
        return positions * sum(prod(s.shape) for s in specs if len(s.shape) > 1)

    def walk(self, shape: Shape, path: str = "") -> Iterator[Placed]:
        """Yield each layer that is no combinator, in order, with its path and shapes."""
        yield Placed(path, self, shape, self.output_shape(shape))

    def init(self, shape: Shape, seed: int = 0, dtype: str = "float32") -> Tree:
        """Return initial parameters for one layer used by hand.

        >>> from chainrule.layers import Dense
        >>> {name: p.shape for name, p in Dense(3).init((5,)).items()}
        {'W': (5, 3), 'b': (3,)}
        """
        self.output_shape(shape)
        return initialize(self.parameters(shape), Rng(seed), dtype)

    def wrong_shape(self, expected: str, shape: Shape, hint: str = "") -> ShapeError:
        """Return the error for an input that does not fit this layer."""
        got = ", ".join(["batch", *map(str, shape)])
        return ShapeError(f"expected {expected}, got ({got}){': ' if hint else ''}{hint}", self)


def initialize(specs: Mapping[str, Any], rng: Rng, dtype: str = "float32") -> Tree:
    """Return a tree of arrays drawn for a tree of specs."""
    return {
        name: (spec.initializer or GlorotUniform())
        .draw(rng.at(name), spec.shape)
        .astype(np.dtype(dtype))
        if isinstance(spec, Spec)
        else initialize(spec, rng.at(name), dtype)
        for name, spec in specs.items()
    }
