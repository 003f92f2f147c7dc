from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.derivation import Function
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.formulas import STANDARD, Operation, evaluate, run
from chainrule.formulas.functions import DERIVATIVES

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
W = np.arange(12.0).reshape(3, 4) / 7
b = np.array([0.1, -0.2, 0.3, 0.4])
LETTERS = {"X": X, "W": W, "b": b, "s": 2.0, "t": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X @ W + b", X @ W + b),
        ("-X.T", -X.T),
        ("X**2 / s - X * s", X**2 / 2 - X * 2),
        ("X > 0", (X > 0).astype(float)),
        ("1 - (X >= 0.5)", 1.0 - (X >= 0.5)),
        ("(X < 0) - (X <= -1) - (X == 3)", (X < 0) * 1.0 - (X <= -1) - (X == 3)),
        ("exp(X) + tanh(X)", np.exp(X) + np.tanh(X)),
        ("log(abs(X)) + sqrt(abs(X))", np.log(np.abs(X)) + np.sqrt(np.abs(X))),
        (
            "maximum(X, 0) + minimum(X, 1) * sign(X)",
            np.maximum(X, 0) + np.minimum(X, 1) * np.sign(X),
        ),
        ("where(X > 0, X, s * X)", np.where(X > 0, X, 2 * X)),
        ("sigmoid(X)", 1 / (1 + np.exp(-X))),
        ("batch_sum(X)", X.sum(axis=0)),
        ("batch_mean(X)", X.mean(axis=0)),
        ("feature_sum(X)", X.sum(axis=1, keepdims=True)),
        ("feature_mean(X)", X.mean(axis=1, keepdims=True)),
        ("feature_max(X)", X.max(axis=1, keepdims=True)),
        ("softmax(X)", np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)),
        ("s**t + 1 / 4", 8.25),
        ("s.T", 2.0),
    ],
)
def test_values(text: str, expected: Any) -> None:
    np.testing.assert_allclose(evaluate(text, LETTERS), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("batch_sum(X)", (3, 1)),
        ("batch_mean(X)", (3, 1)),
        ("feature_sum(X)", (1, 2)),
        ("feature_max(X)", (1, 2)),
        ("softmax(X)", (3, 2)),
    ],
)
def test_sums_by_meaning_find_their_axis_in_columns(text: str, shape: tuple[int, ...]) -> None:
    in_columns = evaluate(text, {"X": X.T}, samples="columns")
    assert in_columns.shape == shape
    in_rows = np.atleast_2d(evaluate(text, {"X": X}))
    np.testing.assert_allclose(in_columns, in_rows.T, rtol=1e-14)


def test_sums_by_meaning_on_images() -> None:
    images = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(evaluate("batch_sum(X)", {"X": images}), images.sum(axis=0))
    np.testing.assert_array_equal(
        evaluate("feature_sum(X)", {"X": images}), images.sum(axis=-1, keepdims=True)
    )


def test_erf_agrees_with_its_table() -> None:
    # Abramowitz and Stegun, table 7.1
    expected = [0.0, 0.5204998778, 0.8427007929, 0.9953222650]
    np.testing.assert_allclose(
        evaluate("erf(x)", {"x": np.array([0, 0.5, 1, 2])}), expected, atol=1e-10
    )
    assert evaluate("erf(x)", {"x": -1.0}) == pytest.approx(-0.8427007929)


@pytest.mark.parametrize("name", sorted(DERIVATIVES))
def test_standard_derivatives_by_complex_step(name: str) -> None:
    x = np.array([0.3, 1.7, 2.2])
    by_step = evaluate(f"{name}(x)", {"x": x + 1e-200j}).imag / 1e-200
    np.testing.assert_allclose(evaluate(f"d_{name}(x)", {"x": x}), by_step, rtol=1e-13)


@pytest.mark.parametrize(
    "text", ["maximum(x, 0)", "minimum(x, 1)", "abs(x)", "where(x > 0, x**2, x)", "softmax(x)"]
)
def test_complex_step_passes_through_every_choice(text: str) -> None:
    x = np.array([[-1.5, 0.4, 2.0]])
    by_step = evaluate(text, {"x": x + 1e-200j}).imag / 1e-200
    h = 1e-6
    by_difference = (evaluate(text, {"x": x + h}) - evaluate(text, {"x": x - h})) / (2 * h)
    np.testing.assert_allclose(by_step, by_difference, atol=1e-8)


def test_float32_stays_float32() -> None:
    x = X.astype(np.float32)
    for text in ["x / 2", "x**2 * sqrt(2)", "x > 0", "where(x > 0, 1, 0.5)", "exp(x) * log(2)"]:
        assert evaluate(text, {"x": x}).dtype == np.float32, text
    for text in ["erf(x)", "sigmoid(x)", "maximum(x, 0)", "softmax(x)", "batch_mean(x)"]:
        assert evaluate(text, {"x": x}).dtype == np.float32, text


def test_overflow_on_the_way_to_a_finite_value_is_silent() -> None:
    assert evaluate("1 / (1 + exp(-x))", {"x": np.array([-1e4])}) == 0


def test_functions_of_a_layer_and_their_derivatives() -> None:
    sigmoid = Function("1 / (1 + exp(-x))", "a * (1 - a)", "σ", r"\sigma")
    leaky = Function("where(x > 0, x, slope * x)", "where(x > 0, 1, slope)", "f", "f")
    functions = {"sigmoid": sigmoid, "leaky": leaky}
    A = 1 / (1 + np.exp(-X))
    letters = {"X": X, "slope": 0.1, "x": "not this x", "a": "not this a"}
    np.testing.assert_allclose(evaluate("sigmoid(X)", letters, functions), A)
    np.testing.assert_allclose(evaluate("d_sigmoid(X)", letters, functions), A * (1 - A))
    np.testing.assert_allclose(evaluate("d_leaky(X)", letters, functions), np.where(X > 0, 1, 0.1))


def test_a_layer_may_name_its_function_like_a_standard_one() -> None:
    functions = {"tanh": Function("tanh(x)", "1 - a**2", "tanh", r"\tanh")}
    np.testing.assert_allclose(evaluate("tanh(X)", {"X": X}, functions), np.tanh(X))


def test_operations_and_plain_callables_come_from_outside() -> None:
    functions = {
        "rows": lambda x: x.reshape(len(x), -1),
        "first": Operation(
            lambda x, samples: x[:1] if samples == "rows" else x[:, :1],
            "first",
            r"\operatorname{first}",
            elementwise=False,
        ),
    }
    images = np.zeros((2, 3, 4))
    assert evaluate("rows(X)", {"X": images}, functions).shape == (2, 12)
    assert evaluate("first(X)", {"X": X}, functions).shape == (1, 3)
    assert evaluate("first(X)", {"X": X}, functions, "columns").shape == (2, 1)


def test_run_executes_lines_in_order() -> None:
    adam = {
        "m": "beta1 * m + (1 - beta1) * g",
        "v": "beta2 * v + (1 - beta2) * g**2",
        "m_hat": "m / (1 - beta1**t)",
        "v_hat": "v / (1 - beta2**t)",
        "p": "p - learning_rate * m_hat / (sqrt(v_hat) + eps)",
    }
    letters = {"p": np.ones(2), "g": np.array([3.0, -0.5]), "m": 0.0, "v": 0.0, "t": 1}
    constants = {"beta1": 0.9, "beta2": 0.999, "eps": 0.0, "learning_rate": 0.1}
    result = run(adam, {**letters, **constants})
    np.testing.assert_allclose(result["p"], [0.9, 1.1])  # the first step is η, by sign
    np.testing.assert_allclose(result["m_hat"], letters["g"])
    assert letters["m"] == 0.0, "the caller's letters are left alone"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("X @ Q", ConfigurationError, 'unknown letter "Q".* known: .*W, X'),
        ("expp(X)", ConfigurationError, 'unknown function "expp": did you mean "exp"'),
        ("d_softmax(X)", ConfigurationError, 'unknown function "d_softmax"'),
        ("maximum(X)", ConfigurationError, "maximum takes 2 arguments, got 1"),
        ("d_tanh(X, X)", ConfigurationError, "d_tanh takes 1 argument, got 2"),
        ("W @ X", ShapeError, r"W @ X: shapes \(3, 4\) and \(2, 3\) do not fit"),
        ("X + X.T * 1", ShapeError, r"shapes \(2, 3\) and \(3, 2\) do not fit"),
        ("maximum(X, X.T)", ShapeError, r"shapes \(2, 3\) and \(3, 2\) do not fit"),
        ("batch_sum(s)", ShapeError, "needs an array"),
        ("1 / (s - 2)", ConfigurationError, "zero"),
        ("9**9**9", ConfigurationError, "out of range|too large"),
        ("(-8)**0.5", ConfigurationError, "negative number"),
    ],
)
def test_one_clear_error(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        evaluate(text, LETTERS)


def test_errors_name_their_line() -> None:
    with pytest.raises(ConfigurationError, match=r'in the line "Y = X @ V": unknown letter "V"'):
        run({"Z": "X", "Y": "X @ V"}, {"X": X})


def test_the_place_of_the_samples_is_checked() -> None:
    with pytest.raises(ConfigurationError, match="place of the samples"):
        evaluate("X", {"X": X}, samples="transposed")
    with pytest.raises(ShapeError, match="need a matrix"):
        evaluate("batch_sum(X)", {"X": np.ones((2, 2, 2))}, samples="columns")


def test_definitions_that_call_each_other_end_in_an_error() -> None:
    functions = {"f": Function("g(x)", "1", "f", "f"), "g": Function("f(x)", "1", "g", "g")}
    with pytest.raises(ConfigurationError, match="unknown function"):
        evaluate("f(X)", {"X": X}, functions)


def test_every_standard_function_is_tried_here() -> None:
    text = __import__("pathlib").Path(__file__).read_text()
    assert [name for name in STANDARD if f"{name}(" not in text] == []
