"""One step of a training, for whoever walks it: a debugger, a page or a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chainrule.layers.base import Context
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.step import Batch, Data, Task, all_gradients, feed
from chainrule.training.loop import Chunk
from chainrule.tree import flatten


@dataclass(frozen=True)
class Step:
    """An update that has been made. `before` and `parameters` are by dotted name."""

    task: Task
    data: Data
    chunk: Chunk

    @property
    def number(self) -> int:
        """Count of updates, from 1."""
        return int(self.chunk.after.step)

    @property
    def epoch(self) -> int:
        """The epoch, counted from 0."""
        return self.chunk.epoch

    @property
    def loss(self) -> float:
        """The minibatch's loss, before the update."""
        return float(self.chunk.losses[0])

    @property
    def indices(self) -> Array:
        """Which samples of the data the minibatch holds."""
        return self.chunk.indices[0]

    @property
    def before(self) -> dict[str, Array]:
        """Parameters before the update."""
        return flatten(self.chunk.before.params)

    @property
    def parameters(self) -> dict[str, Array]:
        """Parameters after the update."""
        return flatten(self.chunk.after.params)

    @cached_property
    def batch(self) -> Batch:
        """The samples, targets and weights of the minibatch."""
        return feed(self.task, self.data, self.indices, self.chunk.before.step)

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """Gradients that made the update, by dotted name, and ∂J/∂X under "X"."""
        state, task, batch = self.chunk.before, self.task, self.batch
        ctx = Context(training=True, rng=Rng(task.seed, state.step, batch.rows))
        return all_gradients(task, state.params, state.running, batch, ctx)
