"""What an engine does: bind a task to data, run chunks of minibatches, and apply a network."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from chainrule.namespace import Array
from chainrule.step import Data, State, Task


class Report(NamedTuple):
    """What a chunk of k minibatches says: the loss of each, and how many answers were right."""

    losses: Array
    hits: Array | None


class Run(Protocol):
    """A task bound to its data. Its states hold the engine's own arrays."""

    def start(self, state: State) -> State:
        """Take in a state of NumPy arrays."""
        ...

    def finish(self, state: State) -> State:
        """Give back a state of NumPy arrays."""
        ...

    def chunk(self, state: State, indices: Array) -> tuple[State, Report]:
        """Run one step per row of `indices` (k, batch), and return the state after them."""
        ...

    def outputs(self, state: State, X: Array) -> Array:
        """Return Z for samples that need not be in the data."""
        ...


class Engine(Protocol):
    """A way to run steps."""

    name: str

    def bind(self, task: Task, data: Data) -> Run:
        """Return the run of this task on this data."""
        ...
