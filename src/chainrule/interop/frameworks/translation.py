"""A network as another framework's code, and where each of its weights lies there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.bound import Bound
from chainrule.errors import ConfigurationError, unknown_name
from chainrule.initializers import Shape
from chainrule.interop.program import Operation, Program, program_of
from chainrule.namespace import Array

TARGETS = ("torch", "keras")
Rearrange = Callable[[Array], Array]


def as_it_is(a: Array) -> Array:
    """Return the array as it is."""
    return a


@dataclass(frozen=True)
class Turn:
    """One array of weights on both sides: our name, theirs, and how ours is rearranged for them."""

    ours: str
    layer: str
    theirs: str
    shape: Shape  # ours
    give: Rearrange = as_it_is

    @property
    def name(self) -> str:
        """Their name in full."""
        return f"{self.layer}.{self.theirs}" if self.layer else self.theirs

    @property
    def their_shape(self) -> Shape:
        """The shape on their side."""
        return self.index.shape

    @property
    def index(self) -> Array:
        """Which of our entries lies at each place of theirs."""
        return self.give(np.arange(np.prod(self.shape, dtype=int)).reshape(self.shape))

    def take(self, theirs: Array) -> Array:
        """Return their array as ours: `give`, undone."""
        ours = np.empty(self.shape, theirs.dtype)
        ours.reshape(-1)[self.index.ravel()] = theirs.ravel()
        return ours


@dataclass
class Translation:
    """The code, what it says about each weight, and whether it takes images channels first."""

    target: str
    code: str
    turns: list[Turn] = field(default_factory=list)
    channels_first: bool = False

    def inputs(self, X: Array) -> Array:
        """Return our samples as the code takes them."""
        return np.moveaxis(X, -1, 1) if self.channels_first else X


def translate(model: Bound, target: str) -> Translation:
    """Return the network as PyTorch or Keras code.

    Raises ConfigurationError for a layer or a loss of your own, which has none there.

    >>> import chainrule as cr
    >>> network = cr.Sequential(cr.Dense(8), cr.ReLU(), cr.Dense(3))
    >>> model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
    >>> for turn in translate(model, "torch").turns:
    ...     print(turn.ours, turn.shape, "->", turn.name, turn.their_shape)
    0.W (4, 8) -> layer0.weight (8, 4)
    0.b (8,) -> layer0.bias (8,)
    2.W (8, 3) -> layer2.weight (3, 8)
    2.b (3,) -> layer2.bias (3,)
    """
    from chainrule.interop.frameworks.keras import KerasWriter
    from chainrule.interop.frameworks.torch import TorchWriter

    if target not in TARGETS:
        raise unknown_name("target", target, TARGETS)
    _ = model.state
    program = program_of(model, training=True)
    writer: Any = TorchWriter(program) if target == "torch" else KerasWriter(program)
    return writer.write(model)


def home_of(op: Operation) -> str:
    """Return the name, a word, of what holds an operation's weights on the other side."""
    names = [n for n in op.arrays.values() if not n.startswith("running.")]
    path = names[0].rpartition(".")[0] if names else op.path
    word = path.replace(".", "_")
    return word if word[:1].isalpha() else f"layer{word}"


def values(program: Program) -> Iterator[tuple[Operation, list[str], str]]:
    """Yield each operation with the variables of its inputs and of its output."""
    last, names, free = program.last_uses, {0: "X"}, 1
    for i, op in enumerate(program.operations):
        done = [v for v in op.inputs if last.get(v, -1) <= i]
        if done:
            names[op.output] = names[done[0]]
        else:
            names[op.output], free = f"X{free}", free + 1
        yield op, [names[v] for v in op.inputs], names[op.output]


def no_code(op: Operation, target: str) -> ConfigurationError:
    """Return the error for a layer that the other side does not have."""
    return ConfigurationError(f"{op.place} has no {target} code: it is no layer of chainrule's own")
