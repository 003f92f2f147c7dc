from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import chainrule as cr

HUGE = [[-1e4, -50.0, 0.0, 50.0, 1e4]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (cr.Sigmoid(), [[0, 0, 0.5, 1, 1]]),
        (cr.Tanh(), [[-1, -1, 0, 1, 1]]),
        (cr.ReLU(), [[0, 0, 0, 50, 1e4]]),
        (cr.LeakyReLU(0.5), [[-5e3, -25, 0, 50, 1e4]]),
        (cr.Softmax(), [[0, 0, 0, 0, 1]]),
    ],
    ids=repr,
)
def test_no_input_is_too_large(layer: cr.Layer, expected: list[list[float]], dtype: str) -> None:
    Y, cache = layer.forward({}, np.array(HUGE, dtype))
    np.testing.assert_allclose(Y, expected, atol=1e-7)
    dX, _ = layer.backward({}, cache, np.ones_like(Y))
    assert np.isfinite(dX).all()


@pytest.mark.parametrize(("layer", "slope"), [(cr.ReLU(), 0.0), (cr.LeakyReLU(0.1), 0.1)], ids=repr)
def test_the_kink_has_the_derivative_of_its_left_side(layer: cr.Layer, slope: float) -> None:
    _, cache = layer.forward({}, np.array([[-0.0, 0.0, -1.0, 1.0]]))
    dX, _ = layer.backward({}, cache, np.ones((1, 4)))
    np.testing.assert_array_equal(dX, [[slope, slope, slope, 1.0]])


def test_leaky_relu_without_slope_is_relu() -> None:
    X = np.linspace(-2, 2, 9)[None]
    np.testing.assert_array_equal(cr.LeakyReLU(0).forward({}, X)[0], cr.ReLU().forward({}, X)[0])


@pytest.mark.parametrize("slope", [1, -0.1, float("nan")])
def test_a_slope_outside_its_range_is_refused(slope: float) -> None:
    with pytest.raises(cr.ConfigurationError, match=r"LeakyReLU: slope must be in \[0, 1\), got"):
        cr.LeakyReLU(slope)


rows = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.floats(-50, 50)
)


@given(rows)
def test_softmax_gives_a_distribution_that_a_shift_does_not_change(X: np.ndarray) -> None:
    Y, _ = cr.Softmax().forward({}, X)
    np.testing.assert_allclose(Y.sum(axis=-1), 1)
    assert (Y >= 0).all()
    np.testing.assert_allclose(cr.Softmax().forward({}, X + 7)[0], Y, rtol=1e-9)


@given(rows)
def test_softmax_gradients_sum_to_nothing_along_a_row(X: np.ndarray) -> None:
    _, cache = cr.Softmax().forward({}, X)
    dX, _ = cr.Softmax().backward({}, cache, np.cos(X))
    np.testing.assert_allclose(dX.sum(axis=-1), 0, atol=1e-12)


def test_softmax_is_the_product_with_its_jacobian() -> None:
    X, dY = np.array([[0.3, -1.0, 2.0]]), np.array([[1.0, -2.0, 0.5]])
    Y, cache = cr.Softmax().forward({}, X)
    jacobian = np.diag(Y[0]) - np.outer(Y[0], Y[0])
    np.testing.assert_allclose(cr.Softmax().backward({}, cache, dY)[0][0], jacobian @ dY[0])


@given(rows)
def test_sigmoid_is_half_a_tanh_and_symmetric(X: np.ndarray) -> None:
    S = cr.Sigmoid().forward({}, X)[0]
    np.testing.assert_allclose(S + cr.Sigmoid().forward({}, -X)[0], 1, rtol=1e-15)
    np.testing.assert_allclose(2 * S - 1, cr.Tanh().forward({}, X / 2)[0], atol=1e-15)
    np.testing.assert_allclose(S, 1 / (1 + np.exp(-X)), rtol=1e-9, atol=1e-16)
