"""The engine that runs the step as it stands, on NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.engines.base import Report
from chainrule.engines.threads import largest_product, product_threads
from chainrule.layers.base import Context, Layer
from chainrule.metrics import has_accuracy, hits
from chainrule.namespace import Array
from chainrule.step import Data, State, Task, predicting, step

ROWS_AT_ONCE = 4096  # bounds the memory of a prediction; larger blocks are no faster


def outputs(network: Layer, state: State, X: Array, dtype: str) -> Array:
    """Return the network's output for X, block by block."""
    ctx = Context(state=state.running)
    if len(X) <= ROWS_AT_ONCE:
        return network.forward(state.params, X.astype(dtype, copy=False), ctx)[0]
    blocks = [X[i : i + ROWS_AT_ONCE] for i in range(0, len(X), ROWS_AT_ONCE)]
    return np.concatenate([outputs(network, state, block, dtype) for block in blocks])


class NumpyRun:
    """A task on NumPy arrays: a chunk is a loop."""

    seconds_to_compile = 0.0

    def __init__(self, task: Task, data: Data) -> None:
        self.task, self.data = task, data
        self.counts_hits = has_accuracy(task.loss, data.targets)

    def start(self, state: State, blocks: Sequence[Array]) -> State:
        return state

    def finish(self, state: State) -> State:
        return state

    def chunk(self, state: State, block: Array, start: int, count: int) -> tuple[State, Report]:
        losses = np.empty(count)
        right = np.empty(count, int) if self.counts_hits else None
        quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # seen in the loss
        largest = largest_product(self.task.network, self.data.X.shape[1:], block.shape[1])
        with quiet, product_threads(largest):
            for i in range(count):
                state, outcome, batch = step(self.task, state, self.data, block[start + i])
                losses[i] = outcome.value
                if right is not None:
                    right[i] = np.count_nonzero(hits(self.task.loss, outcome.Z, batch.targets))
        return state, Report(losses, right)

    def outputs(self, state: State, X: Array) -> Array:
        state = predicting(self.task.optimizer, state)
        return outputs(self.task.network, state, X, self.task.dtype)


class NumpyEngine:
    """The embedded engine: needs NumPy and nothing else."""

    name = "numpy"

    def bind(self, task: Task, data: Data) -> NumpyRun:
        return NumpyRun(task, data)

    def outputs(self, network: Layer, state: State, X: Array, dtype: str) -> Array:
        return outputs(network, state, X, dtype)
