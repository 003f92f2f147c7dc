import numpy as np
import pytest
from numpy.testing import assert_allclose

import chainrule as cr
import text_c_logistic_regression as text
from showing import refusal


@pytest.fixture(scope="module")
def images():
    return text.images(3)


def test_propagate_returns_the_librarys_gradients_and_cost(images):
    X, Y, _, _ = images
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(64, 1)), 0.4
    grads, cost = text.propagate(w, b, X, Y)
    model = text.build(64)
    model.set_parameters({"0.W": w, "0.b": [[b]]}, notation="transposed")
    library = model.gradients(X.T, Y.T)
    assert_allclose(grads["dw"], library["0.W"], rtol=1e-11, atol=1e-15)
    assert_allclose(grads["db"], library["0.b"][0], rtol=1e-11)
    assert_allclose(cost, model.evaluate(X.T, Y.T)["loss"], rtol=1e-12)


def test_the_loop_is_the_librarys_training_and_its_costs_fall(images):
    X, Y, X_test, Y_test = images
    w, b, costs = text.optimize(X, Y, 300, 1.0)
    model = text.library_optimize(X, Y, 300, 1.0)
    assert_allclose(w, model.parameters["0.W"], rtol=1e-9)
    assert_allclose([b], model.parameters["0.b"], rtol=1e-9)
    assert_allclose(costs, model.history["loss"], rtol=1e-11)
    assert costs[0] == pytest.approx(np.log(2))
    assert costs[-1] < 0.1
    answers = text.predict(w, b, X_test)
    np.testing.assert_array_equal(answers, model.predict(X_test.T).T)
    assert (answers == Y_test).mean() > 0.97 > (Y_test == 0).mean()


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_every_arrow_there_and_back_is_the_librarys(images, y):
    w = np.random.default_rng(1).normal(size=(64, 1))
    x = images[0][:, 5:6]
    ours, library = text.arrows(w, 0.2, x, y), text.library_arrows(w, 0.2, x, y)
    assert ours.keys() == library.keys()
    for name, number in ours.items():
        assert_allclose(number, library[name], rtol=1e-10, err_msg=name)
    a = ours["a"]
    assert_allclose(ours["dω"], (a - y) * x, rtol=1e-10)


def test_the_two_layer_formulas_are_the_librarys(images):
    X, Y, _, _ = images
    parameters = text.random_two_layers(64, 20)
    library = text.library_two_layers(parameters, X, Y)
    found = text.two_layers(parameters, X, Y)
    shapes = {"dW2": (1, 20), "db2": (1, 1), "dW1": (20, 64), "db1": (20, 1)}
    for name, shape in shapes.items():
        assert found[name].shape == shape
        assert_allclose(found[name], library[name], rtol=1e-9, atol=1e-15, err_msg=name)


def test_what_does_not_fit_is_refused():
    inner, turned, many = (refusal(attempt) for attempt in text.slips().values())
    assert "size 6 is different from 4" in inner
    assert "size 1 is different from 4" in turned
    assert "size 6 is different from 3" in many


def test_a_wrong_db1_is_not_refused_by_numpy_but_by_the_library():
    assert text.silent_db1() == (4, 4)
    model = text.build(6, hidden=4)
    with pytest.raises(cr.ShapeError, match=r"0\.b must be \(4,\)"):
        model.set_parameters({"0.b": np.ones((4, 4))}, notation="columns")


def test_the_loss_grows_when_the_answer_is_wrong():
    assert text.loss(1, 0.9) < text.loss(1, 0.5) < text.loss(1, 0.1)
    assert text.loss(0, 0.1) < text.loss(0, 0.9)


def test_the_printed_cost_line_is_no_python_and_ends_in_nan_for_certainty():
    assert "never closed" in text.broken_cost_line()
    formula, library = text.certain_cost()
    assert np.isnan(formula)
    assert library == pytest.approx(0, abs=1e-12)


def test_it_runs(capsys):
    text.main(["--iterations", "20", "--digit", "0"])
    printed = capsys.readouterr().out
    assert "x, ω, b → z" in printed
    assert "is it a 0?" in printed
