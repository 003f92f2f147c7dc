"""A layer tree bound to an input shape: its specs, initial parameters, names and summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from chainrule.errors import ConfigurationError, ShapeError
from chainrule.initializers import GlorotUniform, Initializer, Shape
from chainrule.layers.activations import Sigmoid, Softmax
from chainrule.layers.base import Layer, Placed, Spec, initialize
from chainrule.layers.combinators import Sequential
from chainrule.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from chainrule.randomness import Rng
from chainrule.tree import Tree, flatten

# A last layer and a loss on its probabilities that are better computed as one loss on logits.
FUSED: dict[tuple[type[Layer], type[Loss]], type[Loss]] = {
    (Sigmoid, BinaryCrossEntropy): SigmoidCrossEntropy,
    (Softmax, CrossEntropy): SoftmaxCrossEntropy,
}


def fuse(layer: Layer, loss: Loss) -> tuple[Layer, Loss]:
    """Return the network without its last layer and the loss on logits, where the pair allows.

    The value is the same and the gradient simpler: (a − y)/(a(1 − a)) · a(1 − a) = a − y.

    >>> from chainrule.layers import Dense
    >>> fuse(Sequential(Dense(3), Softmax()), CrossEntropy())
    (Sequential(Dense(3)), SoftmaxCrossEntropy())
    """
    if isinstance(layer, Sequential) and layer.layers:
        fused = FUSED.get((type(layer.layers[-1]), type(loss)))
        if fused is not None:
            return layer.first(-1), fused(reduction=loss.reduction)
    return layer, loss


@dataclass(frozen=True)
class Network:
    """A layer with an input shape; wrong shapes stop here, before anything is computed.

    Raises ShapeError with the layer's path, what it expected and what came.

    >>> from chainrule.layers import Dense, ReLU
    >>> network = Network(Sequential(Dense(3), ReLU(), Dense(1)), (5,))
    >>> network.output_shape, network.count
    ((1,), 22)
    >>> network.specs["0"]["W"].initializer
    HeNormal()
    """

    layer: Layer
    input_shape: Shape

    def __post_init__(self) -> None:
        if not all(isinstance(n, int) and n > 0 for n in self.input_shape):
            raise ConfigurationError(
                f"input_shape must be positive integers, one sample without the batch axis, "
                f"got {self.input_shape!r}"
            )
        _ = self.output_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of one sample's output."""
        return self.layer.output_shape(self.input_shape)

    @property
    def places(self) -> list[Placed]:
        """Every layer that is no combinator, in order, with its path and shapes."""
        return list(self.layer.walk(self.input_shape))

    @property
    def specs(self) -> Tree:
        """The tree of specs, with every initializer chosen."""
        places = self.places
        chosen = {place.path: initializer_before(places[i + 1 :]) for i, place in enumerate(places)}
        return _resolve(self.layer.parameters(self.input_shape), chosen, "")

    @property
    def count(self) -> int:
        """How many numbers are learnt."""
        return sum(prod(spec.shape) for spec in flatten(self.specs).values())

    def initial_parameters(self, seed: int, dtype: str = "float32") -> Tree:
        """Return the tree of initial parameters, a function of the seed and the names alone."""
        return initialize(self.specs, Rng(seed).at("parameters"), dtype)

    def initial_running(self, dtype: str = "float32") -> Tree:
        """Return the tree of state that is not trained, before any data: running means, say."""
        return initialize(self.layer.running(self.input_shape), Rng(0), dtype)


def initializer_before(following: Sequence[Placed]) -> Initializer:
    """Return what suits the weights in front of these layers: the first activation decides.

    Only layers without parameters are looked past, so one layer's choice is not another's.
    """
    for place in following:
        if place.layer.initializer_before is not None:
            return place.layer.initializer_before
        if place.layer.parameters(place.input_shape):
            break
    return GlorotUniform()


def _resolve(specs: Tree, chosen: dict[str, Initializer], path: str) -> Tree:
    resolved: Tree = {}
    for name, spec in specs.items():
        if isinstance(spec, Spec):
            resolved[name] = Spec(spec.shape, spec.initializer or chosen[path])
        else:
            resolved[name] = _resolve(spec, chosen, f"{path}.{name}" if path else name)
    return resolved


def check_output(network: Network, loss: Loss) -> int:
    """Return the number of outputs; raise ShapeError when a loss cannot take them."""
    shape = network.output_shape
    if len(shape) != 1:
        raise ShapeError(
            f"the network's output must be (batch, outputs) for a loss, got {('batch', *shape)}: "
            f"end it with Flatten() or Dense(outputs)"
        )
    if loss.task == "classes" and shape[0] < 2:
        raise ShapeError(
            f"{loss!r} needs one output per class, at least 2, but the network has 1: "
            f"use Dense(classes), or SigmoidCrossEntropy for a yes/no answer"
        )
    return shape[0]
