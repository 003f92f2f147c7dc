"""The textbook's processes as pure functions: feed, forward, error, backpropagate, update.

This is the code that runs everywhere: on either engine, in `fit`, in `steps` and in `gradients`.
It comes in two halves, because whatever spreads a batch (processes, accumulation) adds up
gradients between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule.layers.base import Context, Layer
from chainrule.losses import Loss
from chainrule.namespace import Array, array_namespace
from chainrule.optimizers import Optimizer
from chainrule.penalty import SquaredWeights
from chainrule.randomness import Rng
from chainrule.stored import Stored
from chainrule.tree import Tree, flatten, keep


class Batch(NamedTuple):
    """The samples of one step; `rows` are their positions in the global batch."""

    X: Array
    targets: Array
    weights: Array
    rows: Array


class Data(NamedTuple):
    """The whole data set: samples, encoded targets, and sample weights (None: all alike).

    X and targets are arrays, or `Stored`: then they are read when they are needed.
    """

    X: Any
    targets: Any
    weights: Array | None = None

    @property
    def stored(self) -> bool:
        """Say whether any of it is not in memory."""
        return isinstance(self.X, Stored) or isinstance(self.targets, Stored)

    def at(self, indices: Array) -> Data:
        """Return a part of the data, in memory."""
        weights = None if self.weights is None else self.weights[indices]
        return Data(self.X[indices], self.targets[indices], weights)

    def part(self, indices: Array) -> Data:
        """Return a part of the data; what is stored stays where it is."""
        X, targets = (a.part(indices) if isinstance(a, Stored) else a[indices] for a in self[:2])
        return Data(X, targets, None if self.weights is None else self.weights[indices])

    def with_answers(self) -> Data:
        """Return the same data with all targets in memory, as judging the outputs needs them."""
        stored = isinstance(self.targets, Stored)
        return self._replace(targets=self.targets[:]) if stored else self


class State(NamedTuple):
    """All there is to save or resume: parameters, untrained state, optimizer state, step count.

    `factor` multiplies the learning rate (None: it is what the optimizer says).
    """

    params: Tree
    running: Any
    optimizer: Tree
    step: Any
    factor: Any = None


class Outcome(NamedTuple):
    """What the error said: the loss's value, and the output that it was computed from."""

    value: Any
    Z: Array


class Arrangement(NamedTuple):
    """How a state holds its parameters: `read` gives them as the layers have them.

    `write` gives the gradients as the state has its parameters.
    """

    read: Callable[[Tree], Tree] = lambda tree: tree
    write: Callable[[Tree], Tree] = lambda tree: tree


PLAIN = Arrangement()


class Task(NamedTuple):
    """What is trained, and how: everything about a step that does not change from step to step.

    `trainable` holds the dotted names that learn (None: all of them). `augment` changes the samples
    of a training step, X' = augment(X, rng), before the network sees them. `penalty` joins
    the loss. With `accuracy` right answers are counted, where there are any.
    """

    network: Layer
    loss: Loss
    optimizer: Optimizer
    seed: int = 0
    dtype: str = "float32"
    trainable: frozenset[str] | None = None
    augment: Callable[[Array, Rng], Array] | None = None
    penalty: SquaredWeights | None = None
    accuracy: bool = True


def feed(task: Task, data: Data, indices: Array, step: Any = None) -> Batch:
    """Return the samples at `indices` in the working precision, with the weights of this batch.

    With the number of a training step, the samples are augmented.
    """
    if data.stored:
        data, indices = data.at(indices), np.arange(len(indices))
    xp = array_namespace(data.X)
    m = indices.shape[0]
    X = data.X.take(indices, axis=0, mode="clip").astype(task.dtype, copy=False)
    targets = data.targets.take(indices, axis=0, mode="clip")
    given = None if data.weights is None else xp.take(data.weights, indices, mode="clip")
    weights = task.loss.sample_weights(given, m, X.dtype)
    rows = xp.arange(m, dtype=xp.uint32)
    if step is not None and task.augment is not None:
        X = task.augment(X, Rng(task.seed, step, rows).at("augment"))
    return Batch(X, targets, weights, rows)


def total_weight(data: Data, indices: Array) -> Any:
    """Return how much the samples at `indices` weigh together, 1 each unless weights are given."""
    if data.weights is None:
        return indices.shape[0]
    xp = array_namespace(data.weights)
    return xp.maximum(xp.take(data.weights, indices, mode="clip").sum(), 1e-30)


def gradients(
    task: Task, params: Tree, running: Any, batch: Batch, ctx: Context
) -> tuple[Outcome, Tree, Any]:
    """First half: forward, error, backpropagate. Values and gradients add up over shards."""
    Z, caches = task.network.forward(params, batch.X, ctx._replace(state=running))
    value, dZ = task.loss(Z, batch.targets, batch.weights)
    grads = task.network.parameter_gradients(params, caches, dZ)
    return Outcome(value, Z), grads, task.network.advance(running, caches)


def all_gradients(
    task: Task, params: Tree, running: Any, batch: Batch, ctx: Context
) -> dict[str, Array]:
    """Return every parameter's gradient by dotted name, and ∂J/∂X under "X", for whoever looks."""
    Z, caches = task.network.forward(params, batch.X, ctx._replace(state=running))
    _, dZ = task.loss(Z, batch.targets, batch.weights)
    dX, grads = task.network.backward(params, caches, dZ)
    return {**flatten(grads), "X": dX}


def update(task: Task, state: State, grads: Tree, running: Any) -> State:
    """Second half: the next state. What does not learn has its gradient dropped."""
    learning = grads if task.trainable is None else keep(grads, task.trainable)
    optimizer = task.optimizer if state.factor is None else task.optimizer.scaled(state.factor)
    params, slots = optimizer.update(state.params, learning, state.optimizer, state.step)
    return State(params, running, slots, state.step + 1, state.factor)


def predicting(optimizer: Optimizer, state: State) -> State:
    """Return the state to predict with: with the average's parameters, where one is kept."""
    params = optimizer.weights(state.params, state.optimizer)
    return state if params is state.params else state._replace(params=params)


def step(
    task: Task,
    state: State,
    data: Data,
    indices: Array,
    arrangement: Arrangement = PLAIN,
    batch: Batch | None = None,
) -> tuple[State, Outcome, Batch]:
    """One minibatch: feed, forward, error, backpropagate, update.

    `arrangement` is for an engine whose state has an order of its own, `batch` for one that has
    fed it already.
    """
    batch = feed(task, data, indices, state.step) if batch is None else batch
    ctx = Context(training=True, rng=Rng(task.seed, state.step, batch.rows))
    params = arrangement.read(state.params)
    outcome, grads, running = gradients(task, params, state.running, batch, ctx)
    grads = arrangement.write(grads)
    if task.penalty is not None:  # in the state's own order: it goes entry by entry
        total = total_weight(data, indices)
        value, grads = task.penalty(state.params, grads, outcome.value, total)
        outcome = outcome._replace(value=value)
    return update(task, state, grads, running), outcome, batch
