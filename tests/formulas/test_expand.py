from __future__ import annotations

import numpy as np
import pytest

from chainrule.derivation import Function
from chainrule.formulas import definition, evaluate, expand, render

FUNCTIONS = {
    "sigmoid": Function("1 / (1 + exp(-x))", "a * (1 - a)", "σ", r"\sigma"),
    "relu": Function("maximum(x, 0)", "x > 0", "ReLU", r"\operatorname{ReLU}"),
}


@pytest.mark.parametrize(
    ("formula", "forward", "expected"),
    [
        ("dY * d_sigmoid(X)", {"Y": "sigmoid(X)"}, "dY * (Y * (1 - Y))"),
        ("dY * d_sigmoid(X)", {}, "dY * (sigmoid(X) * (1 - sigmoid(X)))"),
        ("dY * d_relu(X)", {"Y": "relu(X)"}, "dY * (X > 0)"),
        ("d_sigmoid(d_relu(x + 1))", {}, "sigmoid(x + 1 > 0) * (1 - sigmoid(x + 1 > 0))"),
        ("d_other(X)", {}, "d_other(X)"),
        ("X @ W", {}, "X @ W"),
    ],
)
def test_expanded(formula: str, forward: dict[str, str], expected: str) -> None:
    assert str(expand(formula, FUNCTIONS, forward)) == expected


def test_expanding_keeps_the_value() -> None:
    x = np.linspace(-2, 2, 9)
    for name in ("d_sigmoid(x)", "d_relu(x)", "d_tanh(x)", "d_exp(x)"):
        expanded = evaluate(expand(name, FUNCTIONS), {"x": x}, FUNCTIONS)
        np.testing.assert_allclose(expanded, evaluate(name, {"x": x}, FUNCTIONS), rtol=1e-14)


def test_it_prints_as_on_the_board() -> None:
    expanded = expand("dY * d_sigmoid(X)", FUNCTIONS, {"Y": "sigmoid(X)"})
    assert render(expanded) == "dY ⊙ Y ⊙ (1 − Y)"


def test_definitions() -> None:
    assert str(definition("relu", "X @ W", FUNCTIONS)) == "maximum(X @ W, 0)"
    assert definition("exp", "X", FUNCTIONS) is None
