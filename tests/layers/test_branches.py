from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.tree import flatten


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (cr.Residual(cr.Dense(3)), (4,), r"layers that keep the shape.*give \(batch, 3\)"),
        (cr.Sum(cr.Dense(3), cr.Dense(4)), (4,), r"one output shape, theirs are \(3,\), \(4,\)"),
        (cr.Concatenate(cr.Flatten(), cr.Tanh()), (2, 3), "differ in their features alone"),
        (cr.Sum(cr.Sequential(cr.Tanh(), cr.Dense(3))), (2, 2), r'^Dense\(3\) at "0.1" expected'),
        (cr.Residual(cr.Tanh(), cr.Dense(3)), (2, 2), r'^Dense\(3\) at "1" expected'),
    ],
    ids=repr,
)
def test_shapes_that_do_not_meet_are_refused(layer: Any, shape: Any, message: str) -> None:
    with pytest.raises(cr.ShapeError, match=message):
        layer.output_shape(shape)


@pytest.mark.parametrize("kind", [cr.Sum, cr.Concatenate])
def test_no_branch_at_all_is_refused(kind: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match=f"{kind.__name__}: at least one layer"):
        kind()


def test_state_and_randomness_reach_the_branches() -> None:
    network = cr.Sequential(
        cr.Residual(cr.Dense(4), cr.BatchNorm()),
        cr.Concatenate(cr.BatchNorm(), cr.Sequential(cr.Dropout(0.5), cr.Dense(3))),
        cr.Sum(cr.Dense(2), cr.Sequential(cr.BatchNorm(), cr.Dense(2))),
    )
    x = np.random.default_rng(0).normal(3, 1, (40, 4))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
    before = flatten(model.state.running)
    assert sorted({name.rpartition(".")[0] for name in before}) == ["0.1", "1.0", "2.1.0"]
    model.fit(x, np.arange(40) % 2, engine="numpy", verbose=0)
    after = flatten(model.state.running)
    assert after.keys() == before.keys()
    assert all((after[name] != before[name]).any() for name in before)
