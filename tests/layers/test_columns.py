from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero, locked
from chainrule.layers.columns import to_columns
from chainrule.tree import flatten, map_leaves, replace
from gradient_check import central_difference, compare

NETWORK = cr.Sequential(cr.Dense(4), cr.Sigmoid(), cr.Dense(2), cr.Softmax())


def test_a_board_with_columns_gets_what_it_says() -> None:
    X, W, b = away_from_zero((3, 5), 1), away_from_zero((2, 3), 2), away_from_zero((2, 1), 3)
    layer = cr.columns(cr.Dense(2))
    Y, cache = layer.forward({"W": W, "b": b}, X)
    np.testing.assert_allclose(Y, W @ X + b)
    dY = away_from_zero((2, 5), 4)
    dX, grads = layer.backward({"W": W, "b": b}, cache, dY)
    np.testing.assert_allclose(grads["W"], dY @ X.T)
    np.testing.assert_allclose(grads["b"], dY.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(dX, W.T @ dY)


def test_a_whole_network_is_the_same_network_transposed() -> None:
    params = NETWORK.init((3,), seed=1, dtype="float64")
    turned = locked(map_leaves(to_columns, params))
    X = locked(away_from_zero((3, 5), 1))
    Y, cache = cr.columns(NETWORK).forward(turned, X)
    rows, row_cache = NETWORK.forward(params, X.T)
    np.testing.assert_array_equal(Y, rows.T)
    dY = locked(away_from_zero(Y.shape, 2))
    dX, grads = cr.columns(NETWORK).backward(turned, cache, dY)
    row_dX, row_grads = NETWORK.backward(params, row_cache, dY.T)
    np.testing.assert_array_equal(dX, row_dX.T)
    for name, g in flatten(row_grads).items():
        np.testing.assert_array_equal(flatten(grads)[name], to_columns(g))


def test_gradients_in_columns_by_finite_differences() -> None:
    layer = cr.columns(NETWORK)
    params = layer.init((3,), seed=1, dtype="float64")
    X, dY = away_from_zero((3, 4), 1), away_from_zero((2, 4), 2)
    _, cache = layer.forward(params, X)
    dX, grads = layer.backward(params, cache, dY)
    for name, p in flatten(params).items():
        expected = central_difference(
            lambda q, name=name: (layer.forward(replace(params, {name: q}), X)[0] * dY).sum(), p
        )
        compare(f"d{name}", expected, flatten(grads)[name], 1e-7)
    compare(
        "dX", central_difference(lambda Q: (layer.forward(params, Q)[0] * dY).sum(), X), dX, 1e-7
    )


def test_initial_parameters_are_those_of_the_rows_turned() -> None:
    columns, rows = cr.columns(cr.Dense(2)).init((3,), seed=4), cr.Dense(2).init((3,), seed=4)
    assert columns["W"].shape == (2, 3)
    assert columns["b"].shape == (2, 1)
    np.testing.assert_array_equal(columns["W"], rows["W"].T)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_an_input_that_is_no_matrix_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(cr.ShapeError, match=r"expected \(features, samples\), got"):
        cr.columns(cr.Identity()).forward({}, np.zeros(shape))
