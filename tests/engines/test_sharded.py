"""A minibatch in shards gives the numbers of the whole one, wherever those do not depend on it."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import choose, sharded
from chainrule.engines.blocks import Blockwise
from chainrule.engines.sharded import ShardedRun
from chainrule.optimizers.base import is_entrywise
from chainrule.penalty import SquaredWeights
from chainrule.sharding import Alone
from chainrule.training.plan import Plan
from chainrule.tree import flatten


def runs(engine, m, weight=None, **task):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)), np.arange(60) % 3
    network = cr.Sequential(cr.Dense(7), cr.Tanh(), cr.Dropout(0.2), cr.Dense(3))
    loss = cr.SoftmaxCrossEntropy()
    model = cr.Model(network, loss, cr.Adam(), input_shape=(5,), dtype="float64")
    data = model._prepare(x, y, weight)
    block = next(Plan(60, m, 0).blocks(0))
    engine, task = choose(engine).engine, model.task._replace(**task)
    for run in (engine.bind(task, data), ShardedRun(engine, task, data, 8, Alone())):
        state, report = run.chunk(run.start(model.state, [block]), block, 0, len(block))
        yield flatten(run.finish(state).params), report


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("m", [20, 5])  # uneven shards, and empty ones
@pytest.mark.parametrize(
    "more", [{}, {"penalty": SquaredWeights(0.3), "weight": np.arange(60) + 1.0}], ids=str
)
def test_shards_give_the_numbers_of_the_whole_minibatch(engine, m, more):
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    (ours, said), (theirs, told) = runs(engine, m, **more)
    for name, p in ours.items():
        np.testing.assert_allclose(theirs[name], p, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(told.losses, said.losses, rtol=1e-12)
    np.testing.assert_array_equal(told.hits, said.hits)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("shards", [8, 7, 20])
def test_four_shards_in_one_program_have_the_bits_of_one_by_one(engine, shards, monkeypatch):
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    layers = cr.Dense(160), cr.BatchNorm(), cr.ReLU(), cr.Dropout(0.2), cr.Dense(3)
    x, y = np.sin(np.arange(24_000.0)).reshape(80, 300), np.arange(80) % 3
    model = cr.Model(
        cr.Sequential(*layers), cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(300,)
    )
    data, block = model._prepare(x, y), next(Plan(80, 40, 0).blocks(0))
    said = []
    for small in (sharded.SMALL, 0):
        monkeypatch.setattr(sharded, "SMALL", small)
        run = ShardedRun(choose(engine).engine, model.task, data, shards, Alone())
        state, report = run.chunk(run.start(model.state, [block]), block, 0, 2)
        home = run.finish(state)
        assert run.small == (small > 0)
        leaves = {**flatten(home.params), **flatten(home.optimizer), **flatten(home.running)}
        said.append((report.losses.tobytes(), {n: p.tobytes() for n, p in leaves.items()}))
        assert all(p.flags.c_contiguous for p in leaves.values())
    assert said[0] == said[1]


@pytest.mark.parametrize("optimizer", [cr.Adam(), cr.Clipped(cr.SGD(0.1), norm=1.0)], ids=str)
def test_numpy_updates_in_blocks_where_it_can_and_keeps_the_bits(optimizer, monkeypatch):
    x, y = np.sin(np.arange(24_000.0)).reshape(80, 300), np.arange(80) % 3
    network = cr.Sequential(cr.Dense(160), cr.ReLU(), cr.Dense(3))  # W1 is larger than a block
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), optimizer, input_shape=(300,))
    data, block = model._prepare(x, y), next(Plan(80, 40, 0).blocks(0))
    engine, said = choose("numpy").engine, []
    assert isinstance(engine.in_place(model.task).optimizer, Blockwise) == is_entrywise(optimizer)
    for _ in range(2):
        run = ShardedRun(engine, model.task, data, 8, Alone())
        first = run.start(model.state, [block])
        before = {name: p.copy() for name, p in flatten(first.params).items()}
        state, _ = run.chunk(first, block, 0, 2)
        said.append({n: p.tobytes() for n, p in flatten(run.finish(state).params).items()})
        for name, p in flatten(first.params).items():  # a chunk leaves alone what it was given
            np.testing.assert_array_equal(p, before[name])
        monkeypatch.setattr(type(engine), "in_place", lambda _, task: task)
    assert said[0] == said[1]


def test_the_times_of_a_step_are_told_apart():
    x, y = np.ones((8, 2)), np.zeros(8)
    model = cr.Model(cr.Dense(1), cr.SquaredError(), input_shape=(2,))
    run = ShardedRun(choose("numpy").engine, model.task, model._prepare(x, y), 8, Alone())
    run.apart = True
    run.chunk(run.start(model.state, []), np.arange(8)[None], 0, 1)
    assert list(run.seconds) == ["compute", "wait", "communicate", "update"]
    assert run.seconds["compute"] > 0
    assert run.seconds["update"] > 0


def test_more_processes_than_shards_are_refused():
    class Many(Alone):
        size = 9

    model = cr.Model(cr.Dense(1), cr.SquaredError(), input_shape=(2,))
    data = model._prepare(np.ones((8, 2)), np.zeros(8))
    with pytest.raises(cr.ConfigurationError, match="9 processes share 8 shards"):
        ShardedRun(choose("numpy").engine, model.task, data, 8, Many())
