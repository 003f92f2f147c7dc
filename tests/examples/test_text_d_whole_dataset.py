import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

import text_d_whole_dataset as text
from showing import refusal
from text_d_loss_curve import along_one_parameter, draw

UNITS = (7, 5, 10)


@pytest.fixture(scope="module")
def halves():
    return text.data()


def test_half_the_rows_train_and_half_test(halves):
    X, Y, X_test, _ = halves
    assert abs(len(X) - len(X_test)) <= 1
    assert X.shape == (899, 64)
    assert Y.shape == (899, 10)
    assert (Y.sum(axis=1) == 1).all()
    assert not {row.tobytes() for row in X} & {row.tobytes() for row in X_test}


@pytest.mark.parametrize("hidden", text.HIDDEN)
@pytest.mark.parametrize("loss", text.LOSSES)
def test_recursion_and_full_product_are_the_librarys_gradients(halves, hidden, loss):
    X, Y = halves[0][:40], halves[1][:40]
    model = text.build(hidden, loss, UNITS, 0.01)
    W, B = text.parameters(model, len(X))
    Z, A = text.feed_forward(X, W, B, hidden)
    assert_allclose(text.loss_value(loss, Y, A[-1]), model.evaluate(X, Y)["loss"], rtol=1e-12)
    delta = text.recursion(loss, hidden, Y, W, Z, A)
    for i in range(1, len(W)):
        whole = text.full_product(i, loss, hidden, Y, W, Z, A)
        assert_allclose(whole, delta[i], rtol=1e-9, atol=1e-15)
    library = model.gradients(X, Y)
    found = text.gradients(delta, A)
    assert found.keys() == model.parameters.keys()
    for name, gradient in found.items():
        assert_allclose(gradient, library[name], rtol=1e-9, atol=1e-13, err_msg=name)


def test_initial_weights_are_uniform_between_the_bounds():
    W = text.build("sigmoid", "−Σ Y ln Ŷ", UNITS, 0.01).parameters["0.W"]
    assert np.abs(W).max() <= 0.3
    assert W.std() == pytest.approx(0.6 / np.sqrt(12), rel=0.1)


def test_the_table_of_dimensions_is_that_of_the_arrays(halves):
    X = halves[0]
    model = text.build("ReLU", "−Σ Y ln Ŷ", UNITS, 0.01)
    W, B = text.parameters(model, len(X))
    Z, _ = text.feed_forward(X, W, B, "ReLU")
    table = {what: (letters, numbers) for what, letters, numbers in text.dimensions(X, W)}
    for i in (1, 2, 3):
        assert table[f"W{i}"][1] == " × ".join(map(str, W[i].shape))
        assert table[f"B{i}, Z{i}, A{i}"] == (f"m × l{i}", " × ".join(map(str, Z[i].shape)))
        assert B[i].shape == Z[i].shape
    assert table["A1·W2"][0] == "(m × l1)(l1 × l2) → m × l2"


@pytest.mark.parametrize(("hidden", "loss"), [("sigmoid", "−Σ Y ln Ŷ"), ("ReLU", "½ Σ (Y − Ŷ)²")])
def test_it_learns_on_one_half_for_the_other(hidden, loss):
    model, share = text.train(hidden, loss, (24, 10), 200, 1e-3)
    assert model.history["loss"][-1] < model.history["loss"][0] / 5
    assert share > 0.9


def test_the_steps_lie_on_the_curve_and_go_down(halves):
    model = text.build("sigmoid", "−Σ Y ln Ŷ", (16, 10), 1e-3)
    before = model.parameters["2.W"]
    values, losses, visited, heights = along_one_parameter(
        model, halves[0], halves[1], "2.W", (3, 7), 12, 0.04
    )
    np.testing.assert_array_equal(model.parameters["2.W"], before)
    assert (np.diff(heights) <= 1e-9).all()
    assert_allclose(np.interp(visited, values, losses), heights, rtol=1e-3)
    assert heights[-1] == pytest.approx(losses.min(), rel=1e-4)


def test_the_picture_is_a_png_or_politely_missing(tmp_path, monkeypatch):
    curve = (np.arange(3.0), np.arange(3.0), np.arange(2.0), np.arange(2.0))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert not draw(tmp_path / "none.png", curve)
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    assert draw(tmp_path / "curve.png", curve)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_what_does_not_fit_is_refused():
    weights, turned, bracketed, bias, testing = (
        refusal(attempt) for attempt in text.slips().values()
    )
    assert "size 4 is different from 3" in weights
    assert "size 3 is different from 2" in turned
    assert "size 6 is different from 3" in bracketed
    assert "(8,3) (6,3)" in bias
    assert "(5,3) (6,3)" in testing


def test_between_equal_layers_the_wrong_product_is_not_refused():
    assert text.silent_dW() == (6, 6)


def test_a_bias_matrix_taken_at_its_word_loses_its_equal_rows():
    assert text.diverging_bias(0, 1e-3) == 0
    assert text.diverging_bias(5, 1e-3) > 1e-4


def test_softmax_needs_its_jacobian():
    entry_by_entry, jacobian = text.diagonal_softmax(np.array([0.5, -1.0, 2.0, 0.1]))
    assert entry_by_entry > 0.1
    assert jacobian < 1e-8


def test_it_runs(capsys):
    text.main(["--epochs", "3"])
    printed = capsys.readouterr().out
    assert "the product for one row: (1×10) (10×10) (10×16)" in printed
    assert "the rows of B1 are" in printed
