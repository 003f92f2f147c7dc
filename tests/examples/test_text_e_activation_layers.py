from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

import chainrule as cr
import text_e_activation_layers as text
from showing import refusal


def test_dense_and_activation_layers_alternate_and_keep_the_size():
    layers = text.alternating([100, 40, 10], "tanh", "logistic")
    assert layers == [
        *(cr.Dense(100), cr.Tanh()),
        *(cr.Dense(40), cr.Tanh()),
        *(cr.Dense(10), cr.Sigmoid()),
    ]
    assert layers[1].output_shape((100,)) == (100,)


def test_one_vector_at_a_time_is_the_librarys_training():
    (x, y), _ = text.data("digits")
    layers = text.alternating([12, 10], "tanh", "logistic")
    params, library, shapes = text.rounds(layers, x, np.eye(10)[y], 30, 0.5)
    for i in (0, 2):
        assert_allclose(params[i]["W"], library[f"{i}.W"].T, rtol=1e-10, atol=1e-13)
        assert_allclose(params[i]["b"][:, 0], library[f"{i}.b"], rtol=1e-10, atol=1e-13)
    assert shapes == [(10, 1), (10, 1), (12, 1), (12, 1), (64, 1)]  # back to the input vector


def test_the_error_falls_by_epoch_and_argmax_answers():
    model, right = text.train("digits", [32, 10], "tanh", "logistic", 8, 0.5)
    errors = model.history["loss"]
    assert all(after < before for before, after in pairwise(errors))
    assert right[-1] > 0.9
    _, (x, y) = text.data("digits")
    assert (text.answer(model, x) == y).mean() == pytest.approx(right[-1])


def test_de_dw_entry_by_entry_is_column_times_row():
    rng = np.random.default_rng(0)
    W, X, dY = rng.normal(size=(3, 5)), rng.normal(size=(5, 1)), rng.normal(size=(3, 1))
    layer, params = cr.columns(cr.Dense(3)), {"W": W, "b": np.zeros((3, 1))}
    _, gradients = layer.backward(params, layer.forward(params, X)[1], dY)
    for i in range(3):
        for j in range(5):
            terms, entry = text.entry_by_entry(W, X, dY, i, j)
            assert terms[i] == X[j, 0]
            assert not np.delete(terms, i).any()
            assert_allclose(entry, (dY @ X.T)[i, j], rtol=1e-14)
            assert_allclose(entry, gradients["W"][i, j], rtol=1e-14)


@pytest.mark.parametrize("name", text.ACTIVATIONS)
def test_an_activations_sum_is_an_entrywise_product(name):
    rng = np.random.default_rng(1)
    X, dY = rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
    summed, circled = text.activation_sum(name, X, dY)
    layer = cr.columns(text.ACTIVATIONS[name])
    dX, _ = layer.backward({}, layer.forward({}, X)[1], dY)
    assert_allclose(summed, circled, rtol=1e-14)
    assert_allclose(dX, circled, rtol=1e-12)


def test_without_activations_two_dense_layers_are_one():
    x = np.random.default_rng(2).normal(size=(20, 6))
    two, one, columns = text.collapse(x, 9, 3)
    assert_allclose(two, one, rtol=1e-10, atol=1e-13)
    assert_allclose(two, columns, rtol=1e-10, atol=1e-13)


def test_without_activations_nothing_beats_the_straight_line():
    errors = text.regression(20, 0.05)
    best = errors["least squares"]
    assert best < errors["two dense layers"] < 1.3 * best
    assert errors["… with tanh in between"] < 0.8 * best


def test_what_does_not_fit_is_refused():
    back, forward, circle = (refusal(attempt) for attempt in text.slips().values())
    assert "size 5 is different from 1" in back
    assert "size 5 is different from 3" in forward
    assert "size 3 is different from 1" in circle


def test_it_runs(capsys):
    text.main(["--data", "digits", "--layers", "16,10", "--epochs", "2"])
    printed = capsys.readouterr().out
    assert "10×1 → 10×1 → 16×1 → 16×1 → 64×1" in printed
    assert "two dense layers, and one" in printed
