from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.derivation import Function
from chainrule.errors import ConfigurationError
from chainrule.formulas import (
    Binary,
    Expression,
    Letter,
    Letters,
    Negate,
    Number,
    Transpose,
    evaluate,
    parse,
    render,
    render_line,
    render_lines,
)

SIGMA = {"sigmoid": Function("1 / (1 + exp(-x))", "a * (1 - a)", "σ", r"\sigma")}

TABLE = [
    ("X @ W + b", "X·W + b", r"X \cdot W + b"),
    ("X.T @ dY", "Xᵀ·dY", r"X^\top \cdot dY"),
    ("dY * d_sigmoid(X)", "dY ⊙ σ′(X)", r"dY \odot \sigma'\left(X\right)"),
    ("feature_sum((Z - Y)**2) / 2", "½ Σₖ (Z − Y)²", None),
    ("batch_sum(dY)", "Σ rows of dY", r"\sum_{\text{rows}} dY"),
    ("batch_sum(w * L)", "Σᵢ w ⊙ L", r"\sum_{i} w \odot L"),
    ("batch_mean(X**2)", "1/m Σᵢ X²", r"\frac{1}{m} \, \sum_{i} X^{2}"),
    ("feature_sum(X) / k", "1/k Σₖ X", r"\frac{1}{k} \, \sum_{k} X"),
    ("-feature_sum(Y * log(A))", "−Σₖ Y ⊙ ln(A)", r"-\sum_{k} Y \odot \ln\left(A\right)"),
    ("feature_sum(A - Y)", "Σₖ (A − Y)", None),
    ("feature_sum(X) * Y", "(Σₖ X) ⊙ Y", None),
    ("Y * feature_sum(X) * Y", "(Y ⊙ Σₖ X) ⊙ Y", None),
    ("exp(X) / feature_sum(exp(X))", "exp(X)/(Σₖ exp(X))", r"\frac{e^{X}}{\sum_{k} e^{X}}"),
    ("-feature_sum(X) / k", "−1/k Σₖ X", None),
    ("(Y + feature_sum(X)) / 2", "(Y + Σₖ X)/2", None),
    ("feature_sum(X) / Y", "(Σₖ X)/Y", None),
    ("A @ (eps * (B * C))", "A·(ε·B ⊙ C)", None),
    ("(a * (b / c)) * d", "(a ⊙ b/c) ⊙ d", None),
    ("X - feature_max(X)", "X − maxₖ X", r"X - \max_{k} X"),
    ("m / (1 - beta1**t)", "m/(1 − β₁ᵗ)", r"\frac{m}{1 - \beta_{1}^{t}}"),
    ("p - learning_rate * m_hat / (sqrt(v_hat) + eps)", "p − η·m̂/(√v̂ + ε)", None),
    ("1 / (1 + exp(-x))", "1/(1 + e⁻ˣ)", r"\frac{1}{1 + e^{-x}}"),
    ("exp(-Z)", "exp(−Z)", "e^{-Z}"),
    ("dY * (X > 0)", "dY ⊙ [X > 0]", r"dY \odot \left[X > 0\right]"),
    ("X >= Y", "[X ≥ Y]", r"\left[X \geq Y\right]"),
    ("where(x > 0, x, slope * x)", "{x if x > 0, else slope·x}", None),
    ("abs(x)**2", "|x|²", r"\left|x\right|^{2}"),
    ("dW**2", "(dW)²", r"\left(dW\right)^{2}"),
    ("dW.T", "dWᵀ", r"dW^\top"),
    ("X.T**2", "(Xᵀ)²", r"\left(X^\top\right)^{2}"),
    ("(A - Y).T @ X", "(A − Y)ᵀ·X", None),
    ("(X @ W) * Y", "(X·W) ⊙ Y", None),
    ("(X * Y) @ W", "(X ⊙ Y)·W", None),
    ("eps * (X * Y)", "ε·X ⊙ Y", None),
    ("A @ (B @ C)", "A·B·C", None),
    ("A * (B * C)", "A ⊙ B ⊙ C", None),
    ("a - (b - c)", "a − (b − c)", "a - \\left(b - c\\right)"),
    ("a - (b + c)", "a − (b + c)", None),
    ("a + (b + c)", "a + b + c", None),
    ("a + -b", "a + (−b)", None),
    ("a * -b", "a ⊙ (−b)", None),
    ("-a * b", "−a ⊙ b", None),
    ("-(a + b)", "−(a + b)", None),
    ("--a", "−(−a)", None),
    ("(-a)**2", "(−a)²", None),
    ("-a**2", "−a²", None),
    ("(a**2)**3", "(a²)³", None),
    ("a**-2", "a⁻²", "a^{-2}"),
    ("a**(b + c)", "a^(b + c)", "a^{b + c}"),
    ("a**(b+1)", "a^(b + 1)", "a^{b + 1}"),
    ("a**B", "a^B", "a^{B}"),
    ("a / b / c", "(a/b)/c", None),
    ("a / (b * c)", "a/(b ⊙ c)", None),
    ("(a + b) / c", "(a + b)/c", r"\frac{a + b}{c}"),
    ("X * (1 / 2)", "X·½", None),
    ("2 * 3 * x", "2·3·x", None),
    ("1e-8 * x", "10⁻⁸·x", r"10^{-8} \cdot x"),
    ("2.5e-8 + x", "2.5·10⁻⁸ + x", None),
    ("(2.5e-8)**2", "(2.5·10⁻⁸)²", r"\left(2.5 \cdot 10^{-8}\right)^{2}"),
    ("sqrt(a + b)", "√(a + b)", r"\sqrt{a + b}"),
    ("sqrt(a)**2", "(√a)²", None),
    ("rows(X)", "rows(X)", r"\operatorname{rows}\left(X\right)"),
    ("maximum(x, 0)", "max(x, 0)", r"\max\left(x, 0\right)"),
    ("Xhat * dgamma", "X̂ ⊙ dγ", r"\hat{X} \odot d\gamma"),
    ("y_hat - x_bar", "ŷ − x̄", r"\hat{y} - \bar{x}"),
    ("A_l + p_old", "Aₗ + p_old", r"A_{l} + p_{\mathrm{old}}"),
]


@pytest.mark.parametrize(("formula", "unicode", "latex"), TABLE, ids=[row[0] for row in TABLE])
def test_written(formula: str, unicode: str, latex: str | None) -> None:
    assert render(formula, functions=SIGMA) == unicode
    if latex is not None:
        assert render(formula, "latex", functions=SIGMA) == latex


BOARDS = {
    "001": Letters(gradient="∂L/∂W", loss="C", index="superscript"),
    "002": Letters(names={"W": "ω"}, entrywise_product="*", index="brackets", loss="ℒ"),
    "003": Letters(gradient="∂L/∂W", gradients={"Z": "ΔW"}, index="parentheses"),
    "004": Letters(gradient="dL/dW", loss="E", entrywise_product="∘", index="none"),
    "juxtaposed": Letters(matrix_product="", scalar_product="", sums="index"),
}


@pytest.mark.parametrize(
    ("formula", "board", "unicode", "latex"),
    [
        ("dZ2 @ A1.T", "001", "∂C/∂Z²·(A¹)ᵀ", None),
        ("dZ2.T", "001", "(∂C/∂Z²)ᵀ", r"\left(\frac{\partial C}{\partial Z^{2}}\right)^\top"),
        ("A1**2", "001", "(A¹)²", r"\left(A^{1}\right)^{2}"),
        ("beta1", "001", "β₁", r"\beta_{1}"),
        ("dW2 * A1", "002", "dW[2] * A[1]", "dW^{[2]} * A^{[1]}"),
        ("W.T @ X", "002", "ωᵀ·X", r"\omega^\top \cdot X"),
        ("L", "002", "ℒ", r"\mathcal{L}"),
        ("dZ1 + dW1", "003", "ΔZ⁽¹⁾ + ∂L/∂W⁽¹⁾", None),
        ("dX1 * X", "004", "dE/dX ∘ X", r"\frac{dE}{dX} \circ X"),
        ("dX / 2", "004", "(dE/dX)/2", None),
        ("X @ W + b", "juxtaposed", "X W + b", r"X \, W + b"),
        ("2 * learning_rate * x * 3", "juxtaposed", "2 η x·3", None),
        ("batch_sum(dY)", "juxtaposed", "Σᵢ dY", r"\sum_{i} dY"),
    ],
)
def test_a_board_is_data(formula: str, board: str, unicode: str, latex: str | None) -> None:
    assert render(formula, letters=BOARDS[board]) == unicode
    if latex is not None:
        assert render(formula, "latex", BOARDS[board]) == latex


def test_the_logistic_board() -> None:
    letters = Letters(scalars=frozenset({"m"}), samples="columns", logarithm="log")
    assert render("1 / m * X @ (A - Y).T", letters=letters) == "1/m · X·(A − Y)ᵀ"
    assert render("1 / m * batch_sum(dZ)", letters=letters) == "1/m · Σ columns of dZ"
    assert render("log(A)", letters=letters) == "log(A)"


def test_lines() -> None:
    names = {"X": "A0", "Y": "Z1", "W": "W1", "b": "b1"}
    lines = {"Y": "X @ W + b", "dW": "X.T @ dY"}
    expected = ["Z₁ = A₀·W₁ + b₁", "dW₁ = A₀ᵀ·dZ₁"]
    assert render_lines(lines, letters=Letters(names=names)) == expected
    assert render_line("m_hat", "m / 2", "latex", arrow=True) == r"\hat{m} \leftarrow \frac{m}{2}"
    assert render_line("W1′", "W1", letters=Letters()) == "W₁′ = W₁"


# Signs of their own for each product, so that what is written can be read back by Python.
APART = Letters(
    matrix_product="×", entrywise_product="⊙", scalar_product="·", scalars=frozenset({"s", "t"})
)
BACK = str.maketrans({"×": "@", "⊙": "*", "·": "*", "−": "-", "²": "**2", "½": "(1/2)"})
SCALAR = st.sampled_from([Letter("s"), Letter("t"), Number(2), Binary("/", Number(1), Letter("s"))])
WRITTEN = st.recursive(
    st.sampled_from("ABC").map(Letter),
    lambda below: st.one_of(
        st.builds(Negate, below),
        st.builds(Transpose, below),
        st.builds(Binary, st.sampled_from("+-*@/"), below, below),
        st.builds(Binary, st.sampled_from("*/"), below, SCALAR),
        st.builds(Binary, st.just("*"), SCALAR, below),
        st.builds(lambda a: Binary("**", a, Number(2)), below),
        st.builds(Binary, st.just(">"), below, below),
    ),
    max_leaves=8,
)


@given(WRITTEN)
def test_what_is_written_means_what_it_is_written_for(formula: Expression) -> None:
    """No pair of parentheses is missing: read back with Python's rules, the value is the same."""
    draw = np.random.default_rng(0).uniform
    letters = {**{n: draw(0.5, 2, (3, 3)) for n in "ABC"}, "s": 1.5, "t": 0.75}
    text = render(formula, letters=APART).replace("[", "(").replace("]", ")")
    read = parse(text.translate(BACK).replace("ᵀ", ".T"))
    with np.errstate(all="ignore"):
        expected, received = evaluate(formula, letters), evaluate(read, letters)
    if np.all(np.isfinite(expected)) and not re.search("[<>]", text):
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.allclose(received, expected, rtol=1e-6, atol=1e-9 * scale), text


@given(WRITTEN)
def test_mathml_is_well_formed_and_latex_is_balanced(formula: Expression) -> None:
    root = ElementTree.fromstring(render(formula, "mathml"))
    assert root.tag == "math"
    assert {"mfrac": 2, "msup": 2}.items() >= {
        (e.tag, len(e)) for e in root.iter() if e.tag in ("mfrac", "msup")
    }
    latex = render(formula, "latex")
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert not re.search(r"\^\{[^{}]*\}\^|\\top\^|\^\\top\^", latex), latex


@pytest.mark.parametrize("formula", [row[0] for row in TABLE])
@pytest.mark.parametrize("board", [Letters(), *BOARDS.values()])
def test_every_board_has_well_formed_pages(formula: str, board: Letters) -> None:
    ElementTree.fromstring(render(formula, "mathml", board, SIGMA))
    mathtext = pytest.importorskip("matplotlib.mathtext")
    latex = render(formula, "latex", board, SIGMA)
    if "cases" not in latex:  # which mathtext does not know
        mathtext.MathTextParser("path").parse(f"${latex}$".replace(r"\top", r"{\top}"))


def test_mathml_says_what_it_shows() -> None:
    assert render("X @ W + b", "mathml") == (
        "<math><mrow><mi>X</mi><mo>·</mo><mi>W</mi><mo>+</mo><mi>b</mi></mrow></math>"
    )
    page = render("where(x < 0, sqrt(x), dW1) + Xhat / 1e-8", "mathml")
    for part in ("<mtable>", "<mo>&lt;</mo>", "<msqrt>", "<msub>", "<mover", "<mn>10</mn>"):
        assert part in page


def test_a_names_markup_is_no_markup() -> None:
    letters = Letters(names={"X": "<b>&x"})
    assert "<b>" not in render("X", "mathml", letters)
    assert render("X", "latex", Letters(names={"X": "a_b%c{"})) == r"\mathrm{a\_b\%c\{}"


@pytest.mark.parametrize(
    "settings",
    [
        {"gradient": "dw"},
        {"gradients": {"Z": "x"}},
        {"index": "up"},
        {"matrix_product": "x"},
        {"logarithm": "lg"},
        {"sums": "rows"},
        {"samples": "transposed"},
    ],
)
def test_a_setting_out_of_range_says_what_is_in_range(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="expected one of"):
        Letters.from_data(settings)


def test_unknown_names() -> None:
    with pytest.raises(ConfigurationError, match='unknown form of a formula "tex"'):
        render("X", "tex")
    with pytest.raises(ConfigurationError, match='did you mean "gradient"'):
        Letters.from_data({"gradiant": "dW"})
