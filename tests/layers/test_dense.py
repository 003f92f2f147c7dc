from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from arrays import away_from_zero
from gradient_check import check_layer

sizes = st.integers(1, 6)


@given(m=sizes, n=sizes, units=sizes)
def test_every_shape_has_the_right_gradients(m: int, n: int, units: int) -> None:
    layer = cr.Dense(units)
    params = {"W": away_from_zero((n, units), seed=1), "b": away_from_zero((units,), seed=2)}
    check_layer(layer, params, away_from_zero((m, n), seed=3))


def test_one_entry_is_its_index_sum() -> None:
    X, W, b = away_from_zero((2, 3), 1), away_from_zero((3, 4), 2), away_from_zero((4,), 3)
    Y, cache = cr.Dense(4).forward({"W": W, "b": b}, X)
    assert Y[1, 2] == pytest.approx(sum(X[1, j] * W[j, 2] for j in range(3)) + b[2])
    dY = away_from_zero((2, 4), 4)
    dX, grads = cr.Dense(4).backward({"W": W, "b": b}, cache, dY)
    assert grads["W"][2, 3] == pytest.approx(sum(X[i, 2] * dY[i, 3] for i in range(2)))
    assert grads["b"][3] == pytest.approx(dY[0, 3] + dY[1, 3])
    assert dX[0, 1] == pytest.approx(sum(dY[0, k] * W[1, k] for k in range(4)))


def test_two_dense_layers_are_one_linear_map() -> None:
    network = cr.Sequential(cr.Dense(4), cr.Dense(2))
    params = network.init((3,), seed=1, dtype="float64")
    X = away_from_zero((5, 3), seed=2)
    one = {
        "W": params["0"]["W"] @ params["1"]["W"],
        "b": params["0"]["b"] @ params["1"]["W"] + params["1"]["b"],
    }
    np.testing.assert_allclose(network.forward(params, X)[0], cr.Dense(2).forward(one, X)[0])


@pytest.mark.parametrize("units", [0, -3, 2.5, "3", None])
def test_units_that_are_no_count_are_refused(units: object) -> None:
    with pytest.raises(cr.ConfigurationError, match="Dense: units must be a positive integer, got"):
        cr.Dense(units)  # type: ignore[arg-type]


def test_an_image_is_refused_with_what_to_do() -> None:
    with pytest.raises(cr.ShapeError) as caught:
        cr.Dense(128).init((28, 28))
    assert str(caught.value) == (
        "Dense(128) expected (batch, features), got (batch, 28, 28): put Flatten() before it"
    )


def test_parameters_by_hand_start_as_asked() -> None:
    params = cr.Dense(3, cr.Zeros(), bias_initializer=cr.Uniform(1, 2)).init((5,))
    assert not params["W"].any()
    assert ((params["b"] >= 1) & (params["b"] < 2)).all()
    assert params["W"].dtype == params["b"].dtype == np.float32
    assert not cr.Dense(3).init((5,))["b"].any()
    np.testing.assert_array_equal(cr.Dense(3).init((5,), 1)["W"], cr.Dense(3).init((5,), 1)["W"])
    assert (cr.Dense(3).init((5,), 1)["W"] != cr.Dense(3).init((5,), 2)["W"]).any()
