from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.derivation import Function
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    evaluate,
    parse,
    renote,
    renote_lines,
    run,
    samples_of,
    turn,
)
from chainrule.formulas.tree import walk

M, N, K = 5, 4, 3
DENSE = {"Y": "X @ W + b", "dW": "X.T @ dY", "db": "batch_sum(dY)", "dX": "dY @ W.T"}
SOFTMAX = {"Y": "softmax(X)", "dX": "Y * (dY - feature_sum(dY * Y))"}
NORMALIZED = {
    "Xhat": "(X - batch_mean(X)) / sqrt(batch_mean((X - batch_mean(X))**2) + eps)",
    "Y": "gamma * Xhat + beta",
    "dgamma": "batch_sum(dY * Xhat)",
    "dbeta": "batch_sum(dY)",
    "dX": "gamma / sqrt(batch_mean((X - batch_mean(X))**2) + eps)"
    " * (dY - batch_mean(dY) - Xhat * batch_mean(dY * Xhat))",
}


@pytest.mark.parametrize(
    ("lines", "notation", "expected"),
    [
        (DENSE, "rows", DENSE),
        (
            DENSE,
            "columns",
            {"Y": "W @ X + b", "dW": "dY @ X.T", "db": "batch_sum(dY)", "dX": "W.T @ dY"},
        ),
        (
            DENSE,
            "transposed",
            {"Y": "W.T @ X + b", "dW": "X @ dY.T", "db": "batch_sum(dY)", "dX": "W @ dY"},
        ),
        (SOFTMAX, "columns", SOFTMAX),
        (SOFTMAX, "transposed", SOFTMAX),
        (NORMALIZED, "columns", NORMALIZED),
        (NORMALIZED, "transposed", NORMALIZED),
        ({"dX": "dY * d_tanh(X)"}, "columns", {"dX": "dY * d_tanh(X)"}),
        ({"Z2": "A1 @ W2 + b2"}, "columns", {"Z2": "W2 @ A1 + b2"}),
        ({"dW2": "A1.T @ dZ2"}, "transposed", {"dW2": "A1 @ dZ2.T"}),
        ({"p": "p - learning_rate * g"}, "columns", {"p": "p - learning_rate * g"}),
        ({"dW": "X.T @ (A - Y) / m"}, "transposed", {"dW": "X @ (A.T - Y.T) / m"}),
        ({"J": "batch_sum(w * L)"}, "columns", {"J": "batch_sum(w * L)"}),
        # what is no sample but sums over samples: turned inside, turned back outside
        ({"dW": "X.T @ softmax(X @ W)"}, "transposed", {"dW": "X @ softmax(W.T @ X).T"}),
        ({"Y": "rows(X)"}, "columns", {"Y": "rows(X)"}),
    ],
)
def test_formulas_on_other_boards(
    lines: dict[str, str], notation: str, expected: dict[str, str]
) -> None:
    received = renote_lines(lines, notation, scalars=("m",))
    assert {name: str(formula) for name, formula in received.items()} == {
        name: str(parse(formula)) for name, formula in expected.items()
    }


def sample_shaped(columns: int) -> st.SearchStrategy[Expression]:
    """Give expressions of shape (M, columns)."""
    letters = {N: ("X", "dX"), K: ("Y", "dY")}[columns]
    leaf = st.sampled_from(letters).map(Letter)
    bias = {N: "gamma", K: "b"}[columns]

    def grow(below: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        reduced = st.sampled_from(["feature_sum", "feature_mean", "feature_max", "batch_sum"])
        return st.one_of(
            st.builds(Binary, st.sampled_from("+-*"), below, below),
            st.builds(Binary, st.sampled_from("+*"), below, st.just(Letter(bias))),
            st.builds(Binary, st.just("*"), st.sampled_from([Letter("eps"), Number(2)]), below),
            st.builds(lambda f, a, c: Binary("-", a, Call(f, (c,))), reduced, below, below),
            st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(["tanh", "softmax"]), below),
            st.builds(lambda a, c: Call("maximum", (a, c)), below, below),
            st.builds(lambda a, c: Binary(">", a, c), below, below),
            st.builds(lambda a: Call("d_sigmoid", (a,)), below),
            st.builds(lambda a: Transpose(Transpose(a)), below),
            st.builds(Negate, below),
        )

    def crossed(a: Expression) -> Expression:  # through the weights and back
        there, back = Letter("W"), Transpose(Letter("W"))
        first, second = (there, back) if columns == N else (back, there)
        return Binary("@", Binary("@", a, first), second)

    once = st.recursive(leaf, grow, max_leaves=4)
    return st.one_of(once, st.recursive(once.map(crossed), grow, max_leaves=2))


def arrays(seed: int) -> dict[str, object]:
    draw = np.random.default_rng(seed).normal
    samples = {"X": (M, N), "dX": (M, N), "Y": (M, K), "dY": (M, K)}
    shapes = {**samples, "W": (N, K), "b": (K,), "gamma": (N,), "beta": (N,)}
    return {**{name: draw(size=shape) for name, shape in shapes.items()}, "eps": 0.1}


def assert_turns_with_its_value(formula: Expression, left: str, notation: str, seed: int) -> None:
    letters = arrays(seed)
    in_rows = evaluate(formula, letters)
    there = renote(formula, notation, left=left)
    turned = {name: turn(array, notation, name) for name, array in letters.items()}
    received = evaluate(there, turned, samples=samples_of(notation))
    np.testing.assert_allclose(received, turn(in_rows, notation, left), rtol=1e-9, atol=1e-9)
    loose = [n for n in walk(there) if isinstance(n, Transpose)]
    assert all(isinstance(n.operand, Letter | Call) for n in loose), there


@given(sample_shaped(N), st.sampled_from(["columns", "transposed"]), st.integers(0, 99))
def test_sample_shaped_expressions_turn_with_their_value(
    formula: Expression, notation: str, seed: int
) -> None:
    assert_turns_with_its_value(formula, "Y", notation, seed)


@given(
    sample_shaped(N),
    sample_shaped(K),
    st.sampled_from(["columns", "transposed"]),
    st.integers(0, 9),
)
def test_weight_shaped_expressions_turn_with_their_value(
    first: Expression, second: Expression, notation: str, seed: int
) -> None:
    product = Binary("@", Transpose(first), second)
    assert_turns_with_its_value(Binary("*", product, Letter("W")), "dW", notation, seed)


@pytest.mark.parametrize("notation", ["columns", "transposed"])
@pytest.mark.parametrize("lines", [DENSE, SOFTMAX, NORMALIZED], ids=["dense", "softmax", "norm"])
def test_a_layers_lines_run_on_turned_arrays(lines: dict[str, str], notation: str) -> None:
    letters = arrays(0)
    if lines is not DENSE:
        letters["dY"] = letters["dX"]
    in_rows = run(lines, letters)
    turned = {name: turn(array, notation, name) for name, array in letters.items()}
    there = run(renote_lines(lines, notation), turned, samples=samples_of(notation))
    for name in in_rows:
        np.testing.assert_allclose(there[name], turn(in_rows[name], notation, name), rtol=1e-12)


def test_turning_twice_is_standing_still() -> None:
    for formula in [*DENSE.values(), SOFTMAX["dX"], "X.T.T @ (W + W)"]:
        once = renote(formula, "columns")
        assert evaluate_equal(renote(once, "columns"), parse(formula))


def evaluate_equal(one: Expression, other: Expression) -> bool:
    letters = arrays(1)
    return bool(np.allclose(evaluate(one, letters), evaluate(other, letters)))


def test_a_function_of_the_layer_is_elementwise() -> None:
    functions = {"f": Function("x * 2", "2", "f", "f")}
    received = renote("f(X @ W).T @ dY", "transposed", left="dW", functions=functions)
    assert str(received) == "f(W.T @ X) @ dY.T"


@pytest.mark.parametrize(
    ("name", "notation", "shape", "expected"),
    [
        ("X", "rows", (2, 3), (2, 3)),
        ("X", "columns", (2, 3), (3, 2)),
        ("W1", "columns", (2, 3), (3, 2)),
        ("W1", "transposed", (2, 3), (2, 3)),
        ("dW", "transposed", (2, 3), (2, 3)),
        ("w", "transposed", (2, 1), (1, 2)),
        ("b", "columns", (3,), (3, 1)),
        ("b", "transposed", (3,), (3, 1)),
        ("eps", "columns", (), ()),
    ],
)
def test_turned_shapes(
    name: str, notation: str, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert turn(np.zeros(shape), notation, name).shape == expected


def test_bad_input() -> None:
    with pytest.raises(
        ConfigurationError, match='unknown notation "column": did you mean "columns"'
    ):
        renote("X", "column")
    with pytest.raises(ShapeError, match="only matrices and vectors turn"):
        turn(np.zeros((2, 2, 2)), "columns")
