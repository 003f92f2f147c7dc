"""The engine that runs the step as it stands, on NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from chainrule.engines.base import Report
from chainrule.engines.blocks import Blockwise, blockwise
from chainrule.engines.denormals import Flushed
from chainrule.engines.flat import Flat, flat, is_packed, pack, unpack, viewed
from chainrule.engines.footprint import rows_at_once
from chainrule.engines.layout import Layout
from chainrule.engines.pieces import Pieces
from chainrule.engines.recorded.steps import RecordedSteps
from chainrule.engines.threads import allowed, count, largest_product, product_threads
from chainrule.engines.turns import LITTLE, turn
from chainrule.initializers import Shape
from chainrule.layers.base import Context, Layer
from chainrule.metrics import has_accuracy, hits
from chainrule.namespace import Array
from chainrule.optimizers.base import Rule
from chainrule.step import Data, State, Task, predicting, step
from chainrule.tree import finite

WHOLE = 16  # rows: a prediction from no more than these is never cut


def outputs(network: Layer, state: State, X: Array, dtype: str) -> Array:
    """Return the network's output for X, block by block."""
    if len(X) == 1:  # what denormals and threads could cost is less than asking
        return blocks(network, state, X, dtype)
    with turn(count() > 1 or prod(X.shape) < LITTLE), Flushed(), allowed():
        return blocks(network, state, X, dtype)


def blocks(network: Layer, state: State, X: Array, dtype: str) -> Array:
    """Return the outputs of one block after the other, joined."""
    ctx = Context(state=state.running)
    rows = WHOLE if len(X) <= WHOLE else rows_at_once(network, X.shape[1:])
    parts = [
        network.forward(state.params, X[i : i + rows].astype(dtype, copy=False), ctx)[0]
        for i in range(0, len(X), rows) or (0,)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class NumpyRun:
    """A task on NumPy arrays: a chunk is a loop."""

    seconds_to_compile = 0.0
    seconds_a_step: float | None = None

    def __init__(self, task: Task, data: Data) -> None:
        self.task, self.data = task, data
        self.counts_hits = task.accuracy and has_accuracy(task.loss, data.targets)
        self.pieces = Pieces(data) if data.stored else None
        self.largest: dict[int, float] = {}  # product of a minibatch of this size
        self.recorded: RecordedSteps | None = None
        self.blocks = blockwise(task.optimizer)

    def start(self, state: State, blocks: Sequence[Array]) -> State:
        if not flat(self.task, state):
            return state
        return pack(state)

    def finish(self, state: State) -> State:
        return unpack(state) if is_packed(state) else state

    def finite(self, state: State) -> bool:
        params: Any = state.params
        return finite({"": params.vector} if is_packed(state) else params)

    def chunk(self, state: State, block: Array, start: int, count: int) -> tuple[State, Report]:
        losses = np.empty(count)
        right = np.empty(count, int) if self.counts_hits else None
        task, size = self.task, block.shape[1]
        if is_packed(state):
            assert isinstance(task.optimizer, Rule)
            task = task._replace(optimizer=Flat(task.optimizer))
            self.recorded = self.recorded or RecordedSteps(task, self.data, self.counts_hits)
        elif self.blocks is not None:
            task = task._replace(optimizer=self.blocks)
        if size not in self.largest:
            self.largest[size] = largest_product(task.network, self.data.X.shape[1:], size)
        quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # seen in the loss
        with quiet, Flushed(), product_threads(self.largest[size]):
            if self.recorded is not None:
                after = self.recorded.take(state, block[start : start + count], losses, right)
                if after is not None:
                    return after, Report(losses, right)
            state = viewed(state)
            for i in range(count):
                data, rows = self.data, block[start + i]
                if self.pieces is not None:
                    data, first = self.pieces.at(block, start + i)
                    rows = np.arange(len(rows)) + (start + i - first) * len(rows)
                state, outcome, batch = step(task, state, data, rows)
                losses[i] = outcome.value
                if i == 0 and isinstance(task.optimizer, Blockwise):  # now the state is the chunk's
                    task = task._replace(optimizer=task.optimizer.owning())
                if right is not None:
                    right[i] = np.count_nonzero(hits(task.loss, outcome.Z, batch.targets))
        return state, Report(losses, right)

    def outputs(self, state: State, X: Array) -> Array:
        state = predicting(self.task.optimizer, viewed(state))
        return outputs(self.task.network, state, X, self.task.dtype)


class NumpyEngine:
    """The embedded engine: needs NumPy and nothing else."""

    name = "numpy"

    def bind(self, task: Task, data: Data) -> NumpyRun:
        return NumpyRun(task, data)

    def layout(self, task: Task, shape: Shape) -> Layout:
        return Layout(task, None)

    def in_place(self, task: Task) -> Task:
        blocks = blockwise(task.optimizer)
        return task if blocks is None else task._replace(optimizer=blocks.owning())

    def compiled(
        self, function: Callable[..., Any], task: Task, shape: Shape, consumes: Sequence[int] = ()
    ) -> Callable[..., Any]:
        return function

    def outputs(self, network: Layer, state: State, X: Array, dtype: str) -> Array:
        return outputs(network, state, X, dtype)
