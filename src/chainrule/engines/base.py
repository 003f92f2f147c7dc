"""What an engine does: bind a task to data, run chunks of minibatches, and apply a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from chainrule.engines.layout import Layout
from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.namespace import Array
from chainrule.step import Data, State, Task


class Report(NamedTuple):
    """What a chunk of k minibatches says: the loss of each, and how many answers were right."""

    losses: Array
    hits: Array | None


class Run(Protocol):
    """A task bound to its data. Its states hold the engine's own arrays."""

    seconds_to_compile: float
    seconds_a_step: float | None  # as an earlier run of the same program found; None: not known

    def start(self, state: State, blocks: Sequence[Array]) -> State:
        """Take in a state of NumPy arrays; get ready for index blocks of these shapes."""
        ...

    def finish(self, state: State) -> State:
        """Give back a state of NumPy arrays."""
        ...

    def finite(self, state: State) -> bool:
        """Say whether all parameters are finite numbers; the state stays where it is."""
        ...

    def chunk(self, state: State, block: Array, start: int, count: int) -> tuple[State, Report]:
        """Run one step for each of `count` rows of the index block (steps, batch) from `start`."""
        ...

    def outputs(self, state: State, X: Array) -> Array:
        """Return Z for samples that need not be in the data, as a NumPy array."""
        ...


class Engine(Protocol):
    """A way to run steps. `name` is what users call it."""

    name: str

    def bind(self, task: Task, data: Data) -> Run:
        """Return the run of this task on this data."""
        ...

    def layout(self, task: Task, shape: Shape) -> Layout:
        """Return how weights lie in memory where `compiled` functions train a task in shards."""
        ...

    def in_place(self, task: Task) -> Task:
        """Return the task as it is updated where the state before an update is not used again."""
        ...

    def compiled(
        self, function: Callable[..., Any], task: Task, shape: Shape, consumes: Sequence[int] = ()
    ) -> Callable[..., Any]:
        """Return a pure function of arrays as this engine runs it for samples of this shape.

        The arguments at `consumes` are not used again: their memory may become the result's.
        """
        ...

    def outputs(self, network: Layer, state: State, X: Array, dtype: str) -> Array:
        """Return the output of a network for X, in inference mode."""
        ...
