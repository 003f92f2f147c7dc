import numpy as np
import pytest
from numpy.testing import assert_allclose

import text_a_sigmoid_neuron as text
from showing import refusal


def columns(q, m, seed=0):
    return np.random.default_rng(seed).normal(size=(q, m))


def test_one_neuron_is_a_sum_and_then_sigma():
    A, W, b = columns(4, 1), columns(4, 1, 1), np.array([[0.3]])
    r, s = text.split_neuron(A, W, b)
    assert_allclose(s[0, 0], text.neuron(list(A[:, 0]), list(W[:, 0]), 0.3), rtol=1e-14)
    library_r, library_s = text.library_neuron(A, W, b)
    assert_allclose(library_r, r, rtol=1e-14)
    assert_allclose(library_s, s, rtol=1e-14)


def test_one_neuron_learns_or_as_the_library_does():
    ours, library, answers = text.train_neuron(500, 2.0)
    for name in ("W", "B"):
        assert_allclose(ours[name], library[name], rtol=1e-12)
    assert ((answers > 0.5) == [[False, True, True, True]]).all()


def test_the_three_forms_of_a_dense_layer_are_one():
    entries, rows, matrix = text.three_forms(columns(3, 5), columns(5, 1, 1), columns(3, 1, 2))
    assert matrix.shape == (3, 1)
    assert_allclose(entries, matrix, rtol=1e-13)
    assert_allclose(rows, matrix, rtol=1e-13)


@pytest.mark.parametrize("m", [1, 4])
def test_the_dense_layers_gradients_are_the_librarys(m):
    W, B, X, dY = columns(3, 5), columns(3, 1, 1), columns(5, m, 2), columns(3, m, 3)
    ours, library = text.dense_by_hand(W, X, dY), text.dense_in_library(W, B, X, dY)
    assert ours.keys() == library.keys()
    for name, gradient in ours.items():
        assert_allclose(gradient, library[name], rtol=1e-13, err_msg=name)
    if m == 1:
        assert_allclose(ours["b"], dY)


def test_layers_that_update_themselves_classify_images_as_the_model_does():
    network, model, accuracy = text.classify(epochs=5)
    assert text.network_gap(network, model) < 1e-12
    assert accuracy > 0.9


def test_a_layer_sends_back_the_error_of_the_weights_that_made_it():
    layer = text.TextLayer(text.cr.Dense(3), 5, seed=0)
    X, dY, before = columns(5, 2), columns(3, 2, 1), layer.parameters["W"]
    layer.forward(X)
    assert_allclose(layer.backward(dY, eta=0.5), before.T @ dY, rtol=1e-14)
    assert_allclose(layer.parameters["W"], before - 0.5 * dY @ X.T, rtol=1e-14)


def test_what_does_not_fit_is_refused():
    complaints = [refusal(attempt) for attempt in text.slips().values()]
    assert "(3,1) (5,1)" in complaints[0]
    assert "size 5 is different from 6" in complaints[1]
    assert all("size 3 is different from 1" in words for words in complaints[2:])


def test_a_bias_that_takes_dy_for_many_columns_grows_without_a_word():
    assert text.growing_bias() == (3, 4)


def test_it_runs(capsys):
    text.main(["--epochs", "2"])
    printed = capsys.readouterr().out
    assert "of the test images right" in printed
    assert "B becomes (3, 4)" in printed
