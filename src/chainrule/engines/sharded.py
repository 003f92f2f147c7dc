"""Training in shards, on either engine, by one process or by several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.engines.base import Engine, Report
from chainrule.engines.denormals import Flushed
from chainrule.engines.pieces import Pieces
from chainrule.engines.threads import product_threads
from chainrule.errors import ConfigurationError
from chainrule.metrics import has_accuracy
from chainrule.namespace import Array
from chainrule.sharding import (
    FOUR,
    Summing,
    add_terms,
    apply_vector,
    bounds,
    joined,
    joined_terms,
    last_sums,
    owned,
    shard_terms,
)
from chainrule.step import Batch, Data, State, Task, predicting, total_weight
from chainrule.tree import finite, flatten, in_order_of, map_leaves

# Bytes of parameters up to which one program makes the gradients of four shards. The C library
# keeps no more than 32 MB for the next call; beyond that each call has fresh memory to fill.
SMALL = 6 << 20
TREES = ("params", "running", "optimizer")  # of a state, in which its arrays are


class ShardedRun:
    """A task whose steps are cut into shards; each process computes its own and reads its rows.

    A shard's terms, their sum and the update are functions that the engine compiles, or not. Up to
    four shards of a small network are one program, as many as a process has of them; since each is
    computed as a whole there, the bits are the same whatever the number of processes. `seconds`
    says where the time of the steps went: "compute" and "communicate"; if `apart`, also "wait" and
    "update".
    """

    def __init__(self, engine: Engine, task: Task, data: Data, shards: int, comm: Summing) -> None:
        if comm.size > shards:
            raise ConfigurationError(
                f"{comm.size} processes share {shards} shards: give shards={comm.size} or more, "
                "or fewer processes"
            )
        self.engine, self.task, self.shards, self.comm = engine, task, shards, comm
        self.counts_hits = task.accuracy and has_accuracy(task.loss, data.targets)
        self.weights = data.weights
        self.pieces = Pieces(data, self._columns)
        shape = data.X.shape[1:]
        self.layout = engine.layout(task, shape)
        how = (task, self.counts_hits, self.layout.arrangement)
        self.terms = engine.compiled(partial(shard_terms, *how), task, shape)
        self.joined_terms = engine.compiled(partial(joined_terms, *how), task, shape)
        self.add = engine.compiled(add_terms, task, shape, consumes=(0,))
        self.joined = engine.compiled(joined, task, shape)
        update = partial(apply_vector, engine.in_place(task))
        self.apply = engine.compiled(update, task, shape, consumes=(0,))
        self.seconds_to_compile = 0.0
        self.seconds_a_step: float | None = None
        self.seconds = {"compute": 0.0, "wait": 0.0, "communicate": 0.0, "update": 0.0}
        self.apart = False  # costs a message more, and a wait for the update
        self.first: Any = None
        self.small = False

    def start(self, state: State, blocks: Sequence[Array]) -> State:
        self.first = state
        self.small = sum(p.nbytes for p in flatten(state.params).values()) <= SMALL
        started = perf_counter()
        live = self.layout.turned(state._replace(step=np.int32(state.step)))
        for block in blocks:  # one step of each size, so that an error comes before training
            self._next(copied(live), block, 0, self._local(live, block, 0))
        if self.engine.name != "numpy":
            self.seconds_to_compile = perf_counter() - started
        return live

    def finish(self, state: State) -> State:
        state = self.layout.turned(state)
        trees = {
            n: in_order_of(getattr(self.first, n), map_leaves(_home, dict(getattr(state, n))))
            for n in TREES
        }
        return state._replace(step=int(state.step), **trees)

    def finite(self, state: State) -> bool:
        return finite(dict(state.params))

    def chunk(self, state: State, block: Array, start: int, count: int) -> tuple[State, Report]:
        said, state = [], copied(state)  # the caller keeps the chunk's first state
        quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
        with quiet, Flushed(), product_threads(0):  # one thread: their number would change the bits
            for i in range(start, start + count):
                times = [perf_counter()]
                vector = self._local(state, block, i)
                times.append(perf_counter())
                if self.apart:
                    self.comm.wait()
                times.append(perf_counter())
                vector = self.comm.sum(vector)
                times.append(perf_counter())
                state, value, hit = self._next(state, block, i, vector)
                said.append((value, hit))  # read below: the update may still be running
                if self.apart:
                    float(hit)
                times.append(perf_counter())
                for name, seconds in zip(self.seconds, np.diff(times), strict=True):
                    self.seconds[name] += seconds
            losses = np.array([float(value) for value, _ in said])
            right = np.array([round(float(hit)) for _, hit in said])
        return state, Report(losses, right if self.counts_hits else None)

    def outputs(self, state: State, X: Array) -> Array:
        home = predicting(self.task.optimizer, self.layout.turned(state))
        return self.engine.outputs(self.task.network, home, X, self.task.dtype)

    def _columns(self, m: int) -> slice:
        """Return the part of a minibatch that this process computes."""
        mine, cut = owned(self.shards, self.comm), bounds(m, self.shards)
        return slice(cut[mine[0]][0], cut[mine[-1]][1])

    def _local(self, state: State, block: Array, step: int) -> Array:
        """Return the sum of this process's shards, as one vector."""
        m = block.shape[1]
        piece, first = self.pieces.at(block, step)
        mine = self._columns(m)
        at = (step - first) * (mine.stop - mine.start) - mine.start
        given = None if self.weights is None else self.weights[block[step]]
        weights = self.task.loss.sample_weights(given, m, np.dtype(self.task.dtype))
        cut = bounds(m, self.shards)
        share = np.dtype(self.task.dtype).type(1 / sum(a < b for a, b in cut))

        def samples(a: int, b: int) -> Batch:
            rows = np.arange(a, b, dtype=np.uint32)
            X, targets = piece.X[a + at : b + at], piece.targets[a + at : b + at]
            return Batch(X, targets, weights[a:b], rows)

        own = [samples(*cut[shard]) for shard in owned(self.shards, self.comm)]
        if not self.small:
            terms = (self.terms(state, batch, share) for batch in own)
            return np.asarray(self.joined(*last_sums(terms, len(own), self.add)))
        groups = [own[i : i + FOUR] for i in range(0, len(own), FOUR)]
        vectors = ([self.joined_terms(state, group, share)] for group in groups)
        sums = last_sums(vectors, len(groups), self.add)
        (vector,) = sums[0] if len(sums) == 1 else self.add(*sums)
        return np.asarray(vector)

    def _next(self, state: State, block: Array, step: int, vector: Array) -> tuple[State, Any, Any]:
        weight = total_weight(Data(None, None, self.weights), block[step])
        return self.apply(state, vector, np.dtype(self.task.dtype).type(weight))


def copied(state: State) -> State:
    """Return the state with arrays of its own, which a step may overwrite."""
    trees = (map_leaves(np.array, dict(getattr(state, n))) for n in TREES)
    return state._replace(**dict(zip(TREES, trees, strict=True)))


def _home(leaf: Any) -> Any:
    kept = isinstance(leaf, np.ndarray) and leaf.flags.c_contiguous
    return leaf if kept else np.array(leaf, order="C")
