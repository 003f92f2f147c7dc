"""A model that is not being trained: building, parameters, answers, gradients, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from gradient_check import central_difference, compare
from small import classification, classifier, regression, same_bits


def test_it_is_built_by_its_input_shape_or_its_first_fit() -> None:
    x, y = classification()
    early, late = classifier(input_shape=(4,)), classifier()
    with pytest.raises(
        cr.ConfigurationError, match=r"not built yet: give .*input_shape.* or call fit"
    ):
        _ = late.parameters
    late.fit(x, y, epochs=0, verbose=0)
    assert same_bits(early, late)
    assert {n: p.shape for n, p in early.parameters.items()} == {
        "0.W": (4, 6), "0.b": (6,), "2.W": (6, 3), "2.b": (3,)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("predict", [[[1.0]]]), ("predict_proba", [[[1.0]]]), ("summary", []), ("save", ["m"])],
)
def test_before_that_nothing_can_be_asked(method: str, arguments: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match="not built yet"):
        getattr(classifier(), method)(*arguments)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_working_precision_is_everywhere(dtype: Any) -> None:
    x, y = classification()
    model = classifier(dtype=dtype)
    model.fit(x.astype("float64"), y, epochs=1, verbose=0)
    assert {p.dtype for p in model.parameters.values()} == {np.dtype(dtype)}
    assert model.predict_proba(x).dtype == dtype
    assert {g.dtype for g in model.gradients(x, y).values()} == {np.dtype(dtype)}


def test_parameters_cannot_be_written_through() -> None:
    model = classifier(input_shape=(4,))
    with pytest.raises(ValueError, match="read-only"):
        model.parameters["0.W"][0, 0] = 1


@pytest.mark.parametrize("notation", ["rows", "columns", "transposed"])
def test_a_boards_parameters_are_taken_as_they_stand(notation: Any) -> None:
    W, b = np.arange(24.0).reshape(4, 6), np.arange(6.0)
    board = {
        "rows": {"0.W": W, "0.b": b},
        "columns": {"0.W": W.T, "0.b": b[:, None]},
        "transposed": {"0.W": W, "0.b": b[:, None]},
    }
    model = classifier(input_shape=(4,))
    untouched = model.parameters["2.W"]
    model.set_parameters(board[notation], notation=notation)
    np.testing.assert_array_equal(model.parameters["0.W"], W)
    np.testing.assert_array_equal(model.parameters["0.b"], b)
    assert model.parameters["2.W"] is not untouched
    np.testing.assert_array_equal(model.parameters["2.W"], untouched)
    W[:] = 7  # what was given is not what is kept
    assert model.parameters["0.W"][0, 0] == 0


@pytest.mark.parametrize(
    ("values", "notation", "message"),
    [
        ({"0.w": 1}, "rows", 'unknown parameter "0.w": did you mean "0.W"?'),
        ({"0.W": np.ones((6, 4))}, "rows", r'\(outputs, inputs\)\? pass notation="columns"'),
        ({"0.W": np.ones((4, 6))}, "columns", r"0.W must be \(6, 4\) in columns, got \(4, 6\)"),
        ({"0.b": np.ones((6, 1))}, "rows", r"0.b must be \(6,\) in rows, got \(6, 1\)"),
        ({"0.b": np.ones(5)}, "rows", r"0.b must be \(6,\) in rows, got \(5,\)"),
        ({"0.b": ["a"] * 6}, "rows", "0.b must be numbers"),
        ({"0.b": [0, 0, np.nan, 0, 0, 0]}, "rows", r"0.b\[2\] = nan"),
        ({"0.b": np.ones(6)}, "rowwise", 'notation must be "rows", "columns" or "transposed"'),
    ],
)
def test_parameters_that_do_not_fit_are_refused_and_none_is_set(
    values: Any, notation: Any, message: str
) -> None:
    model, before = classifier(input_shape=(4,)), classifier(input_shape=(4,))
    with pytest.raises(cr.ChainruleError, match=message):
        model.set_parameters(
            {"2.b": np.ones((3, 1) if notation == "columns" else 3)} | values, notation
        )
    assert same_bits(model, before)


LOSSES = [
    (cr.SoftmaxCrossEntropy(), cr.Sequential(cr.Dense(4), cr.Tanh(), cr.Dense(3))),
    (cr.CrossEntropy(), cr.Sequential(cr.Dense(4), cr.Sigmoid(), cr.Dense(3), cr.Softmax())),
    (cr.SquaredError("sum", reduction="sum"), cr.Sequential(cr.Dense(4), cr.ReLU(), cr.Dense(3))),
    (cr.SquaredError("mean"), cr.Sequential(cr.Dense(3), cr.Softmax())),
]


@pytest.mark.parametrize(("loss", "network"), LOSSES, ids=repr)
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_the_derivatives_of_evaluate(
    loss: cr.Loss, network: cr.Layer, weighted: bool
) -> None:
    x, y = classification(6)
    x = x.astype("float64")
    weights = np.array([1, 0, 2, 1, 0.5, 3]) if weighted else None
    model = cr.Model(network, loss, dtype="float64", input_shape=(4,), seed=2)
    gradients = model.gradients(x, y, weights)
    assert list(gradients) == [*model.parameters, "X"]

    def value(name: str, p: Any) -> float:
        model.set_parameters({name: p})
        return model.evaluate(x, y, weights)["loss"]

    for name, p in model.parameters.items():
        expected = central_difference(lambda q, name=name: value(name, q), np.array(p))
        model.set_parameters({name: p})
        compare(name, expected, gradients[name], 1e-7)
    expected = central_difference(lambda q: model.evaluate(q, y, weights)["loss"], x)
    compare("X", expected, gradients["X"], 1e-7)


def test_probabilities_are_a_distribution_and_predictions_its_mode() -> None:
    x, y = classification()
    for model in (classifier(), cr.Model(LOSSES[1][1], cr.CrossEntropy())):
        model.fit(x, y, epochs=2, verbose=0)
        P = model.predict_proba(x)
        assert P.shape == (30, 3)
        np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
        assert (P >= 0).all()
        np.testing.assert_array_equal(model.predict(x), P.argmax(axis=1))


def test_a_flags_probability_is_one_column() -> None:
    x, y = classification()
    for last, loss in (([], cr.SigmoidCrossEntropy()), ([cr.Sigmoid()], cr.BinaryCrossEntropy())):
        model = cr.Model(cr.Sequential(cr.Dense(1), *last), loss, cr.Adam(0.1))
        model.fit(x, y == 1, epochs=30, verbose=0)
        P = model.predict_proba(x)
        assert P.shape == (30, 1)
        assert ((P > 0) & (P < 1)).all()
        np.testing.assert_array_equal(model.predict(x), P[:, 0] > 0.5)
        assert model.evaluate(x, y == 1)["accuracy"] == (model.predict(x) == (y == 1)).mean()


def test_a_regression_answers_in_the_shape_of_its_targets() -> None:
    x, y = regression()
    flat = cr.Model(cr.Dense(1), cr.SquaredError(), cr.Adam(0.1))
    flat.fit(x, y, epochs=200, verbose=0)
    assert flat.predict(x).shape == (20,)
    np.testing.assert_allclose(flat.predict(x), y, atol=0.05)
    assert list(flat.evaluate(x, y)) == ["loss"]
    column = cr.Model(cr.Dense(1), cr.SquaredError())
    column.fit(x, y[:, None], verbose=0)
    assert column.predict(x).shape == (20, 1)


def test_the_fused_model_is_the_unfused_one() -> None:
    x, y = classification()
    network = cr.Sequential(cr.Dense(3), cr.Softmax())
    model = cr.Model(network, cr.CrossEntropy(), input_shape=(4,), dtype="float64")
    params = {"0": {n[2:]: p for n, p in model.parameters.items()}, "1": {}}
    A, _ = network.forward(params, x.astype(float))
    assert model.evaluate(x, y)["loss"] == pytest.approx(cr.CrossEntropy()(A, y)[0], rel=1e-12)
    np.testing.assert_allclose(model.predict_proba(x), A, rtol=1e-12)
    assert model.network == network


def test_one_row_many_rows_and_no_row_answer_alike() -> None:
    model = classifier(input_shape=(4,), dtype="float64")
    x = np.random.default_rng(0).normal(size=(5000, 4))  # more than one block
    whole = model.outputs(x)
    np.testing.assert_allclose(whole[4321], model.outputs(x[4321:4322])[0], rtol=1e-12)
    assert model.predict(x[:0]).shape == (0,)
    assert model.predict_proba(x[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones((4, 1)), cr.ShapeError, r"a column vector\? pass X.T, or use columns"),
        (np.ones(4), cr.ShapeError, "one sample"),
        (np.ones((2, 5)), cr.ShapeError, r"x must be \(samples, 4\), got \(2, 5\)"),
        ([["a"] * 4], cr.DataError, "x must be numbers"),
        ([[1, 2, np.nan, 4]], cr.DataError, r"x\[0, 2\] = nan"),
    ],
)
def test_bad_samples_are_refused_wherever_they_come_in(x: Any, error: Any, message: str) -> None:
    model = classifier(input_shape=(4,))
    y = np.zeros(len(x), int)
    for ask in (
        lambda: model.predict(x),
        lambda: model.evaluate(x, y),
        lambda: model.gradients(x, y),
        lambda: model.fit(x, y, verbose=0),
        lambda: next(model.steps(x, y)),
    ):
        with pytest.raises(error, match=message):
            ask()


def test_infinity_is_not_trained_on_nor_scored() -> None:
    x, y = [[1, 2, 3, 4], [1, np.inf, 3, 4]], [0, 1]
    model = classifier(input_shape=(4,))
    for ask in (model.fit, model.evaluate, model.gradients):
        with pytest.raises(cr.DataError, match=r"x\[1, 1\] = inf"):
            ask(x, y)


def test_a_model_answers_before_it_has_seen_targets() -> None:
    x, _ = classification()
    model = classifier(input_shape=(4,), classes=["a", "b", "c"])
    assert set(model.predict(x)) <= {"a", "b", "c"}
    assert classifier(input_shape=(4,)).predict(x).max() < 3
    flags = cr.Model(cr.Dense(1), cr.SigmoidCrossEntropy(), input_shape=(4,))
    np.testing.assert_array_equal(flags.predict(x), flags.predict_proba(x)[:, 0] > 0.5)
    values = cr.Model(cr.Dense(2), cr.SquaredError(), input_shape=(4,))
    np.testing.assert_array_equal(values.predict(x), values.outputs(x))


def test_a_number_too_large_for_the_working_type_is_refused() -> None:
    with pytest.raises(cr.DataError, match=r"x\[0, 1\] = inf"):
        classifier(input_shape=(4,)).evaluate([[0, 1e300, 0, 0]], [0])


class Unrelated:
    pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([cr.Dense, cr.SquaredError()], r"network must be a Layer, .*: did you mean Dense\(\)\?"),
        ([cr.Dense(1), cr.SquaredError], r"loss must be a Loss, .* did you mean SquaredError\(\)"),
        ([cr.SquaredError(), cr.Dense(1)], r"network must be a Layer, got SquaredError\(\)"),
        ([cr.Dense(1), cr.SquaredError(), cr.Adam], "optimizer must be an Optimizer"),
        ([cr.Dense(1), cr.SquaredError(), Unrelated()], "optimizer must be an Optimizer"),
    ],
)
def test_the_parts_of_a_model_are_checked(arguments: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        cr.Model(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float16"}, 'dtype must be "float32" or "float64", got \'float16\''),
        ({"input_shape": (0,)}, "input_shape must be positive integers"),
        ({"input_shape": (4, 4)}, r'Dense\(6\) at "0" expected \(batch, features\)'),
        ({"input_shape": (4,), "trainable": ["*.w"]}, r'unknown parameter "\*.w"'),
    ],
)
def test_options_of_a_model_are_checked(options: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        classifier(**options)
