"""Parameters as views of one vector: the same bits, and the same trees outside of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.flat import Packed, flat, pack, unpack
from chainrule.engines.numpy_engine import NumpyEngine
from chainrule.optimizers.base import Rule
from chainrule.step import Data, step
from chainrule.tree import flatten
from example_optimizers import OPTIMIZERS

NETWORK = cr.Sequential(cr.Dense(5), cr.Tanh(), cr.Sequential(cr.Dense(4), cr.ReLU()), cr.Dense(3))
RNG = np.random.default_rng(0)
DATA = Data(RNG.normal(size=(12, 6)).astype(np.float32), RNG.integers(3, size=12).astype(np.int32))
BLOCK = np.arange(12).reshape(3, 4)


def model_of(optimizer: Any, **more: Any) -> cr.Model:
    return cr.Model(NETWORK, cr.SoftmaxCrossEntropy(), optimizer, input_shape=(6,), **more)


@pytest.mark.parametrize("example", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("factor", [None, 0.5])
def test_the_same_bits_as_one_by_one(example: Any, factor: float | None) -> None:
    model = model_of(example.optimizer)
    state = model.state._replace(factor=factor)
    expected = state
    for rows in BLOCK:
        expected = step(model.task, expected, DATA, rows)[0]
    run = NumpyEngine().bind(model.task, DATA)
    live, _ = run.chunk(run.start(state, [BLOCK]), BLOCK, 0, 3)
    found = run.finish(live)
    for name in ("params", "optimizer"):
        ours, theirs = flatten(getattr(found, name)), flatten(getattr(expected, name))
        assert list(ours) == list(theirs)
        for path, leaf in theirs.items():
            np.testing.assert_array_equal(ours[path], leaf, err_msg=path)
    assert type(found.params) is type(found.params["2"]["0"]) is dict


def test_who_is_updated_as_one_vector() -> None:
    def said(optimizer: Any, **more: Any) -> bool:
        model = model_of(optimizer, **more)
        return flat(model.task, model.state)

    class Own(cr.Adam):
        """A subclass may compute with the whole of a parameter, and has not said otherwise."""

    assert said(cr.Adam())
    assert said(cr.SGD())
    assert not said(Own())
    assert not said(cr.NAdam())
    assert not said(cr.Clipped(cr.Adam(), norm=1.0))
    assert not said(cr.Adam(), trainable=["0.W"])


def test_packing_is_undone() -> None:
    model = model_of(cr.Adam())
    live = pack(model.state)
    assert isinstance(live.params, Packed)
    assert np.shares_memory(live.params["0"]["W"], live.params.vector)
    again = unpack(live)
    assert list(flatten(again.optimizer)) == list(flatten(model.state.optimizer))


def test_every_rule_of_the_library_says_how_it_treats_entries() -> None:
    silent = [e.optimizer for e in OPTIMIZERS if isinstance(e.optimizer, Rule)]
    silent = [o for o in silent if "entrywise" not in vars(type(o))]
    assert {type(o) for o in silent} <= {cr.NAdam}  # whose product of momenta is one number
