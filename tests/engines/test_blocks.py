"""Updates in blocks: the same bits as in one piece, over nobody's arrays but their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import blocks, numpy_engine
from chainrule.engines.blocks import blockwise, quick
from chainrule.engines.numpy_engine import NumpyEngine
from chainrule.optimizers.base import Rule, is_entrywise
from chainrule.step import Data
from chainrule.tree import flatten
from example_optimizers import OPTIMIZERS

RULES = [e.optimizer for e in OPTIMIZERS if is_entrywise(e.optimizer)]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_same_bits(rule: Rule, dtype: str, order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    params = {"W": np.array(RNG.normal(size=(13, 17)), dtype, order=order), "b": np.ones(3, dtype)}
    ours, theirs = (params, rule.init(params)), (params, rule.init(params))
    first = [leaf.copy() for leaf in (*params.values(), *flatten(ours[1]).values())]
    kept = [*params.values(), *flatten(ours[1]).values()]
    in_blocks = blockwise(rule)
    assert in_blocks is not None
    for t in range(8):
        grads = {name: RNG.normal(size=p.shape).astype(dtype) for name, p in params.items()}
        before = ours[0]["W"]
        ours = in_blocks.update(ours[0], grads, ours[1], t)
        theirs = rule.update(theirs[0], grads, theirs[1], t)
        for mine, other in zip(ours, theirs, strict=True):
            for path, leaf in flatten(other).items():
                assert flatten(mine)[path].tobytes() == leaf.tobytes(), path
        assert (ours[0]["W"] is before) == (in_blocks.owned and before.flags.c_contiguous)
        in_blocks = in_blocks.owning()
    for leaf, value in zip(kept, first, strict=True):
        np.testing.assert_array_equal(leaf, value)
    assert in_blocks.calls
    assert all("def replay" in (f.__doc__ or "") for f in in_blocks.calls.values())


def test_results_in_each_others_place_are_not_written_over() -> None:
    def swapped(p: Any, q: Any) -> list[Any]:
        return [q + 1, p + 1]

    given = [np.zeros(4), np.ones(4)]
    assert quick(swapped, given)(np.zeros(4), np.ones(4))[0].tolist() == [2, 2, 2, 2]
    assert quick(swapped, given) is swapped


def test_what_looks_at_a_number_runs_as_it_stands() -> None:
    def looking(p: Any) -> list[Any]:
        return [p * 2 if p[0] > 0 else p]

    assert quick(looking, [np.ones(4)]) is looking


def test_a_rule_of_the_users_own_is_left_alone() -> None:
    class Own(cr.SGD):
        entrywise = True

    assert blockwise(Own(0.1)) is None
    assert blockwise(cr.NAdam()) is None


@pytest.mark.parametrize("more", [{}, {"trainable": ["2.W"]}, {"dtype": "float64"}])
def test_a_training_has_the_same_bits(more: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more parameters than are kept in one vector."""
    data = Data(RNG.normal(size=(12, 400)).astype("f"), RNG.integers(3, size=12).astype(np.int32))
    block = np.arange(12).reshape(3, 4)
    found = []
    for choose in (numpy_engine.blockwise, lambda optimizer: None):
        monkeypatch.setattr(numpy_engine, "blockwise", choose)
        network = cr.Sequential(cr.Dense(400), cr.ReLU(), cr.Dense(200), cr.ReLU(), cr.Dense(3))
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(400,), **more)
        run = NumpyEngine().bind(model.task, data)
        state = run.start(model.state, [block])
        before = b"".join(p.tobytes() for p in flatten(state.params).values())
        after, report = run.chunk(state, block, 0, 3)
        again, _ = run.chunk(state, block, 0, 3)  # the caller's state is as it was
        assert before == b"".join(p.tobytes() for p in flatten(state.params).values())
        trees = (after.params, after.optimizer, again.params, again.optimizer)
        found.append([p.tobytes() for tree in trees for p in flatten(tree).values()])
        found[-1].append(report.losses.tobytes())
    assert found[0] == found[1]
