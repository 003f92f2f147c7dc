from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import choose
from chainrule.engines.footprint import ROWS_AT_ONCE
from chainrule.engines.numpy_engine import NumpyEngine, outputs
from chainrule.step import Data, step
from small import classification, classifier

X, Y = classification()


def test_a_chunk_is_its_steps_one_by_one() -> None:
    model = classifier(input_shape=(4,))
    data = Data(X, Y.astype(np.int32))
    run = NumpyEngine().bind(model.task, data)
    block = np.arange(30).reshape(6, 5)
    state = run.start(model.state, [block])
    after, report = run.chunk(state, block, 1, 3)
    losses, hits = [], []
    state = model.state
    for indices in block[1:4]:
        state, outcome, batch = step(model.task, state, data, indices)
        losses.append(outcome.value)
        hits.append(int((outcome.Z.argmax(axis=1) == batch.targets).sum()))
    np.testing.assert_array_equal(report.losses, losses)
    assert report.hits is not None
    assert report.hits.tolist() == hits
    np.testing.assert_array_equal(run.finish(after).params["0"]["W"], state.params["0"]["W"])
    assert after.step == 3


def test_a_regression_counts_no_hits() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), input_shape=(4,))
    run = NumpyEngine().bind(model.task, Data(X, X[:, :1]))
    _, report = run.chunk(model.state, np.arange(30).reshape(1, 30), 0, 1)
    assert report.hits is None


@pytest.mark.parametrize("m", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1])
def test_outputs_come_block_by_block_and_whole(m: int) -> None:
    model = classifier(input_shape=(4,), dtype="float64")
    x = np.linspace(-1, 1, m * 4, dtype=np.float32).reshape(m, 4)
    Z = outputs(model.network, model.state, x, "float64")
    assert Z.shape == (m, 3)
    assert Z.dtype == np.float64
    whole, _ = model.network.forward(model.state.params, x.astype("float64"))
    np.testing.assert_allclose(Z, whole, rtol=1e-12)
    np.testing.assert_array_equal(
        NumpyEngine().outputs(model.network, model.state, x, "float64"), Z
    )


def test_an_overflow_shows_in_the_loss_and_not_as_a_warning() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), input_shape=(1,))
    run = NumpyEngine().bind(model.task, Data(np.full((1, 1), 3e38, "f4"), np.full((1, 1), -3e38)))
    _, report = run.chunk(model.state, np.zeros((1, 1), int), 0, 1)
    assert not np.isfinite(report.losses).all()


def test_it_is_chosen_by_its_name() -> None:
    assert choose("numpy").engine.name == "numpy"
    assert choose("auto").engine.name == "numpy"
    with pytest.raises(
        cr.ConfigurationError, match=r'unknown engine "nunpy": did you mean "numpy"\?'
    ):
        classifier().fit(X, Y, engine="nunpy", verbose=0)
