import numpy as np
import pytest
from numpy.testing import assert_allclose

import text_b_five_to_one as text
from showing import refusal

MEAN = "Σ (yᵗ − y)² / N"


def test_five_to_one_is_the_librarys_dense_layer():
    X, _ = text.flags()
    model = text.build(1, cost=MEAN)
    ((W, b),) = text.weights(model)
    assert (W.shape, b.shape) == ((5, 1), (1, 1))
    assert b.all(), "the biases are random too"
    assert_allclose(text.sigma(text.linear(W, X, b)), model.outputs(X.T).T, rtol=1e-14)


def test_it_is_linear_only_without_a_bias():
    with_bias, without = text.is_linear(np.ones((5, 1)), np.array([[0.5]]))
    assert (with_bias, without) == (0.5, 0.0)


@pytest.mark.parametrize("units", [(1,), (3, 1), (4, 3, 2)])
@pytest.mark.parametrize("cost", text.COSTS)
def test_products_and_index_sums_are_the_librarys_gradients(cost, units):
    X = text.flags()[0][:, ::3]
    y = np.random.default_rng(1).random((units[-1], X.shape[1]))
    model = text.build(*units, cost=cost)
    layers = text.weights(model)
    a = text.forward(layers, X)[1][-1]
    value, derivative, _ = text.COSTS[cost]
    assert_allclose(value(a, y), model.evaluate(X.T, y.T)["loss"], rtol=1e-13)
    library = text.by_library(model, X, y)
    for way in (text.by_products, text.by_index_sums):
        found = way(layers, X, derivative(a, y))
        assert found.keys() == library.keys()
        for name, gradient in found.items():
            assert_allclose(gradient, library[name], rtol=1e-10, atol=1e-15, err_msg=name)


def test_descent_is_the_librarys_and_solves_the_task():
    X, y = text.flags()
    model = text.build(3, 1, cost=MEAN, eta=5.0, seed=5)
    start = text.weights(model)
    few, _ = text.descend(start, X, y, MEAN, 5.0, 30)
    model.fit(X.T, y.T, 30, None, verbose=0, engine="numpy")
    for (W, b), (library_W, library_b) in zip(few, text.weights(model), strict=True):
        assert_allclose(W, library_W, rtol=1e-10)
        assert_allclose(b, library_b, rtol=1e-10)
    layers, costs = text.descend(start, X, y, MEAN, 5.0, 2000)
    assert costs[-1] < costs[0] / 100
    assert ((text.forward(layers, X)[1][-1] > 0.5) == (y > 0.5)).all()


def test_gradients_do_not_point_to_the_global_minimum():
    assert 60 < text.angle_to_minimum(2000, 5.0) < 120
    ends = text.final_costs(range(6), 2000, 5.0)
    assert max(ends) > 20 * min(ends)


def test_equal_hidden_neurons_stay_equal():
    hidden, cost = text.twins(2000, 5.0)
    assert_allclose(hidden[:, 1:], hidden[:, :1] @ np.ones((1, 2)), rtol=1e-9)
    assert cost > 0.1


def test_what_does_not_fit_is_refused():
    update, forward, back = (refusal(attempt) for attempt in text.slips().values())
    assert "(5,3) (3,5)" in update
    assert "size 5 is different from 3" in forward
    assert "size 3 is different from 5" in back


def test_it_runs(capsys):
    text.main(updates=100)
    printed = capsys.readouterr().out
    assert "(5, 32) → (3, 32) → (1, 32)" in printed
    assert "affine, not linear" in printed
