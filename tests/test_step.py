from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero, locked
from chainrule.layers.base import Context
from chainrule.network import Network
from chainrule.randomness import Rng
from chainrule.step import Batch, Data, State, Task, all_gradients, feed, gradients, step, update
from chainrule.tree import flatten, map_leaves

NETWORK = cr.Sequential(cr.Dense(4), cr.Tanh(), cr.Dense(3))
TASK = Task(NETWORK, cr.SoftmaxCrossEntropy(), cr.Adam(0.1), seed=1, dtype="float64")
DATA = Data(locked(away_from_zero((8, 5), seed=1)), locked(np.arange(8, dtype=np.int32) % 3))


def state_of(task: Task = TASK) -> State:
    params = Network(task.network, (5,)).initial_parameters(task.seed, task.dtype)
    return State(locked(params), {}, task.optimizer.init(params), 0)


def context(batch: Batch) -> Context:
    return Context(training=True, rng=Rng(TASK.seed, 0, batch.rows))


def same(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(a, b)
        for a, b in zip(flatten(one).values(), flatten(other).values(), strict=True)
    )


def test_feeding_takes_the_samples_in_the_working_precision() -> None:
    data = Data(np.arange(12, dtype=np.uint8).reshape(4, 3), np.array([0, 1, 2, 0], np.int32))
    batch = feed(TASK, data, np.array([3, 1]))
    assert batch.X.tolist() == [[9, 10, 11], [3, 4, 5]]
    assert batch.X.dtype == np.float64
    assert batch.targets.tolist() == [0, 1]
    assert batch.weights.tolist() == [0.5, 0.5]
    assert batch.rows.tolist() == [0, 1]
    assert batch.rows.dtype == np.uint32


def test_feeding_weights_them_in_ratio() -> None:
    weighted = DATA._replace(weights=np.array([1.0, 3, 0, 0, 0, 0, 0, 0]))
    assert feed(TASK, weighted, np.array([0, 1])).weights.tolist() == [0.25, 0.75]
    summed = TASK._replace(loss=cr.SoftmaxCrossEntropy(reduction="sum"))
    assert feed(summed, weighted, np.array([0, 1])).weights.tolist() == [1, 3]


def test_a_step_is_its_two_halves() -> None:
    state, indices = state_of(), np.array([5, 0, 3])
    after, outcome, batch = step(TASK, state, DATA, indices)
    other, grads, running = gradients(TASK, state.params, state.running, batch, context(batch))
    assert outcome.value == other.value
    assert same(after.params, update(TASK, state, grads, running).params)
    assert after.step == 1
    assert same(state.params, state_of().params)  # nothing was written to


def test_gradients_of_shards_add_up_to_those_of_the_batch() -> None:
    state, batch = state_of(), feed(TASK, DATA, np.arange(8))
    whole, grads, _ = gradients(TASK, state.params, {}, batch, context(batch))
    total, summed = 0.0, map_leaves(np.zeros_like, state.params)
    for part in (slice(0, 3), slice(3, 4), slice(4, 8)):
        shard = Batch(*(array[part] for array in batch))
        outcome, shard_grads, _ = gradients(TASK, state.params, {}, shard, context(shard))
        total += outcome.value
        names = flatten(shard_grads)
        summed = {k: {n: p + names[f"{k}.{n}"] for n, p in v.items()} for k, v in summed.items()}
    assert total == pytest.approx(whole.value, rel=1e-14)
    for name, g in flatten(grads).items():
        np.testing.assert_allclose(flatten(summed)[name], g, rtol=1e-12, atol=1e-15)


def test_whoever_looks_sees_the_gradients_of_training_and_dX() -> None:
    state, batch = state_of(), feed(TASK, DATA, np.arange(4))
    _, grads, _ = gradients(TASK, state.params, {}, batch, context(batch))
    seen = all_gradients(TASK, state.params, {}, batch, context(batch))
    assert list(seen) == ["0.W", "0.b", "2.W", "2.b", "X"]
    for name, g in flatten(grads).items():
        np.testing.assert_array_equal(seen[name], g)
    assert seen["X"].shape == batch.X.shape


def test_what_does_not_learn_stays_and_its_averages_too() -> None:
    task = TASK._replace(trainable=frozenset({"0.W"}))
    state = state_of(task)
    after, _, _ = step(task, state, DATA, np.arange(8))
    changed = {
        name
        for name, p in flatten(after.params).items()
        if (p != flatten(state.params)[name]).any()
    }
    assert changed == {"0.W"}
    assert not any(a.any() for n, a in flatten(after.optimizer).items() if not n.startswith("0.W"))


def test_a_part_of_the_data_keeps_samples_targets_and_weights_together() -> None:
    data = Data(np.arange(6).reshape(3, 2), np.array([7, 8, 9]), np.array([1.0, 2.0, 3.0]))
    part = data.at(np.array([2, 0]))
    assert part.X.tolist() == [[4, 5], [0, 1]]
    assert part.targets.tolist() == [9, 7]
    assert part.weights is not None
    assert part.weights.tolist() == [3, 1]
    assert DATA.at(np.array([0])).weights is None
