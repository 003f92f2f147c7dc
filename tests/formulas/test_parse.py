from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ConfigurationError
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    letters_in,
    parse,
    substitute,
)
from chainrule.formulas.parse import MAX_DEPTH, MAX_LENGTH
from chainrule.formulas.tree import OPERATORS

NAMES = st.sampled_from(["X", "W", "b", "dY", "m_hat", "learning_rate", "ω", "beta1"])
NUMBERS = st.one_of(
    st.integers(0, 10**6), st.floats(0, 1e300, allow_subnormal=False).filter(lambda x: x > 0)
)
TREES = st.recursive(
    st.builds(Letter, NAMES) | st.builds(Number, NUMBERS),
    lambda below: st.one_of(
        st.builds(Negate, below),
        st.builds(Transpose, below),
        st.builds(Binary, st.sampled_from(OPERATORS), below, below),
        st.builds(Call, st.sampled_from(["exp", "d_sigmoid"]), st.tuples(below)),
        st.builds(Call, st.just("where"), st.tuples(below, below, below)),
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_tree_prints_as_the_source_that_gives_it_back(tree: Expression) -> None:
    assert parse(str(tree)) == tree


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("(X@W)+b", "X @ W + b"),
        ("X @ (W + b)", "X @ (W + b)"),
        ("a - (b - c)", "a - (b - c)"),
        ("a * (b * c)", "a * (b * c)"),
        ("(-x)**2", "(-x)**2"),
        ("-x**2", "-x**2"),
        ("2**-x", "2**-x"),
        ("(a**b)**c", "(a**b)**c"),
        ("a**(b**c)", "a**b**c"),
        ("(A @ B).T", "(A @ B).T"),
        ("2.5e-8*X", "2.5e-08 * X"),
        ("(2).T", "(2).T"),
        ("(a > b) > c", "(a > b) > c"),
        ("where(x>0,1,slope)", "where(x > 0, 1, slope)"),
    ],
)
def test_canonical_source_keeps_only_the_parentheses_it_needs(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("X.sum()", 1, "by its name"),
        ("X + X.shape", 5, "only attribute is .T"),
        ("X[0]", 1, "no subscripts"),
        ("f(x, axis=0)", 1, "by position"),
        ("f(*x)", 1, "by position"),
        ("f()", 1, "by position"),
        ("0 < x < 1", 1, "one comparison at a time"),
        ("a and b", 1, "no and/or"),
        ("x if y else z", 1, "use where"),
        ("x + True", 5, "only real numbers"),
        ("x + 'a'", 5, "only real numbers"),
        ("1j * x", 1, "only real numbers"),
        ("∂ + x", 1, "invalid character"),
        ("ω * x[1]", 5, "no subscripts"),
        ("x + * y", 5, "invalid syntax"),
        ("x != y", 1, "comparisons are"),
        ("x is y", 1, "comparisons are"),
        ("x // y", 1, "expected names, numbers"),
        ("x % y", 1, "expected names, numbers"),
        ("+x", 1, "expected names, numbers"),
        ("~x", 1, "expected names, numbers"),
        ("lambda: x", 1, "no lambda"),
        ("a, b", 1, "no tuple"),
        ("(y := x)", 2, "no assignment"),
        ("[x for x in y]", 1, "expected names, numbers"),
        ("f'{x}'", 1, "expected names, numbers"),
        ("1e999", 1, "too large"),
        ("(1 + x", 1, "never closed"),
        ("__import__('os')", 12, "only real numbers"),
    ],
)
def test_what_the_language_does_not_have_is_refused_with_its_place(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse(text)
    assert f'formula "{text}", column {column}: ' in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a # b", "a\x00b", "9" * 1500])
def test_no_single_line_is_one_clear_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="formula"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "-" * (MAX_LENGTH - 1) + "x",
        "(" * 990 + "x" + ")" * 990,
        "x" + "+x" * 900,
        "f(" * 150 + "x" + ")" * 150,
        "x" + ".T" * 900,
        "2" + "**2" * 600,
    ],
)
def test_deep_formulas_are_refused_not_followed(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"levels deep|too many nested parentheses"):
        parse(text)


def test_length_and_depth_have_a_bound_that_formulas_may_reach() -> None:
    assert letters_in(parse("x" + "+x" * (MAX_DEPTH - 1))) == ("x",)
    with pytest.raises(ConfigurationError, match=f"at most {MAX_LENGTH}"):
        parse("x" * (MAX_LENGTH + 1))
    with pytest.raises(ConfigurationError, match="is a string, got int"):
        parse(3)  # type: ignore[arg-type]


def test_the_place_in_a_long_formula_is_shown_around_it() -> None:
    with pytest.raises(ConfigurationError) as error:
        parse("x + " * 60 + "y[1] + " + "z + " * 10 + "z")
    assert "column 241" in str(error.value)
    assert "y[1]" in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), -0.0])
def test_a_number_is_what_a_formula_can_hold(value: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        Number(value)


def test_letters_and_substitution() -> None:
    tree = parse("a * (x - a) + exp(b)")
    assert letters_in(tree) == ("a", "x", "b")
    swapped = substitute(tree, {"a": Letter("x"), "x": parse("-a")})
    assert str(swapped) == "x * (-a - x) + exp(b)"
    with pytest.raises(ValueError, match="unknown operator"):
        Binary("%", tree, tree)
