"""Every printed line is true: its formula gives its result, and so do its printed digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.explaining.explain import explain
from chainrule.explaining.figures import decimals, is_written_out, rounded
from chainrule.explaining.page import Line
from chainrule.formulas import Expression, evaluate
from chainrule.formulas.tree import children
from explained_pages import CASES, lines

NOTATIONS = ("rows", "columns", "transposed")


def page_of(case: str, **options: Any) -> Any:
    model, x, y = CASES[case]()
    return explain(model, np.asarray(x), np.asarray(y), **options).page


def value_of(line: Line, formula: Expression, values: Any) -> Any:
    return evaluate(formula, values, line.functions, line.samples)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("case", CASES)
def test_every_formula_gives_its_result(case: str, notation: str) -> None:
    found = [line for line in lines(page_of(case, notation=notation)) if line.formulas]
    assert len(found) > 5
    for line in found:
        for formula in line.formulas:
            # In rows, db of one sample is dZ: (1, n) stands for (n,).
            value, result = (
                np.atleast_2d(v) for v in (value_of(line, formula, line.values), line.result)
            )
            np.testing.assert_allclose(
                value, result, rtol=1e-9, atol=1e-12,
                err_msg=f"{line.left} = {formula}",
            )  # fmt: skip


def half_unit(value: Any, given: bool) -> float:
    array = np.asarray(value, float)
    if array.size == 1 and 0 < abs(array.item()) < 1e-3:
        return 0.5 * 10.0 ** (np.floor(np.log10(abs(array.item()))) - 3)
    return 0.5 * 10.0 ** -decimals(np.atleast_1d(array), given)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("case", CASES)
def test_every_line_can_be_redone_from_its_digits(case: str, notation: str) -> None:
    redone = 0
    for line in lines(page_of(case, notation=notation)):
        arrays = [np.asarray(v, float) for v in line.values.values()]
        if not line.formulas or not all(map(is_written_out, [*arrays, line.result])):
            continue
        printed = {n: rounded(v, n in line.given) for n, v in line.values.items()}
        formula = line.formulas[-1]
        again = np.asarray(value_of(line, formula, printed))
        # To first order, the digits that were cut off can have moved the result by this much.
        slack = np.full(np.shape(line.result), half_unit(line.result, False))
        for name, value in line.values.items():
            if np.array_equal(printed[name], value):
                continue
            step = half_unit(value, name in line.given)
            for place in np.ndindex(np.shape(value)):
                moved = np.array(value, float)
                moved[place] += step
                other = value_of(line, formula, {**line.values, name: moved})
                slack = slack + np.abs(np.asarray(other) - line.result)
        assert (np.abs(again - line.result) <= 1.2 * slack + 1e-12).all(), (line.left, str(formula))
        redone += 1
    assert redone > 2 or case in ("images", "convolution")


@pytest.mark.parametrize("case", CASES)
def test_every_gradient_agrees_with_its_nudge(case: str) -> None:
    page = page_of(case)
    checked = [line for line in lines(page) if line.digits is not None]
    assert all(line.digits is not None and line.digits >= 6 for line in checked)
    assert page.checked[0] == page.checked[1]
    assert page.checked[1] > 0 or case == "shared"


def test_explaining_changes_nothing() -> None:
    model, x, y = CASES["adam, logits"]()
    before = {n: p.copy() for n, p in model.parameters.items()}
    step, targets = model.state.step, model.targets
    explain(model, np.asarray(x), np.asarray(y))
    assert model.state.step == step
    assert model.targets is targets
    assert all(np.array_equal(before[n], p) for n, p in model.parameters.items())


def collapsed(formula: Expression) -> bool:
    """Whether a formula still sums over the batch."""
    return "batch_sum" in str(formula) or any(map(collapsed, children(formula)))


def test_one_sample_needs_no_sums_over_the_batch() -> None:
    page = page_of("one sample")
    assert not any(collapsed(f) for line in lines(page) for f in line.formulas)
    assert any(line.remark == "one sample, so no sum" for line in lines(page))
    many = page_of("classes")
    assert any(collapsed(f) for line in lines(many) for f in line.formulas)


def test_both_fused_pairs_are_shown_both_ways() -> None:
    for case, long, short in (
        ("one neuron", "1/m · (A − Y)/(A ⊙ (1 − A))", "dZ = 1/m · (A − Y)"),
        ("classes", "dA₂ = −1/m · Y/A₂", "dZ₂ = 1/m · (A₂ − Y)"),
    ):
        text = str(explain(CASES[case]()[0], *map(np.asarray, CASES[case]()[1:])))
        assert long in text
        assert short in text
        assert "cancels" in text


def test_hidden_things_are_named() -> None:
    text = str(explain(*_arrays("classes"), notation="columns"))
    assert "1/m: the mean over m = 2 samples" in text
    assert "b₁ on every column" in text
    assert "W₂ not yet updated" in text
    assert "(l₁ × n)(n × m) + (l₁ × 1) → l₁ × m" in text
    assert "X ◂─ dX ◂─ dZ₁ ◂─ dA₁ ◂─ dZ₂ ◂─ J" in text
    assert "⊙ entrywise" in text


def _arrays(case: str) -> tuple[Any, Any, Any]:
    model, x, y = CASES[case]()
    return model, np.asarray(x), np.asarray(y)


@pytest.mark.parametrize("form", ["matrix", "chain", "index", "derive"])
@pytest.mark.parametrize("case", CASES)
def test_pages_fit_a_screen(case: str, form: str) -> None:
    text = str(explain(*_arrays(case), form=form, notation="columns"))
    wide = [line for line in text.split("\n") if len(line) > 80 + line.count("\u0302")]
    assert len(wide) <= 2, "\n".join(wide)
    assert all(len(line) < 110 for line in wide)


def test_large_arrays_are_elided_with_size_range_and_norm() -> None:
    import chainrule as cr

    network = cr.Sequential(cr.Scale(1 / 255), cr.Flatten(), cr.Dense(128), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(28, 28))
    x = np.arange(784).reshape(1, 28, 28) % 256
    text = str(model.explain(x, np.array([3])))
    assert "W₁ = ⟨784×128: −" in text
    assert "(1,784)·(784,128) + (128,) → (1,128)" in text
    assert text.count("norm") < 60
    assert len(text) < 12_000
    near = str(model.explain(x, np.array([3]), focus="W1[5,7]"))
    assert "0.W[4, 6] in the code" not in near  # it is 2.W: Scale and Flatten come first
    assert "2.W[4, 6] in the code" in near
    unit = str(model.explain(x, np.array([3]), focus="A1[7]"))
    assert "ONE UNIT" in unit
    assert "… 778 more" in unit


def test_a_line_that_would_be_false_is_shown_as_one_step() -> None:
    import chainrule as cr
    from chainrule.derivation import Formulas

    class Wrong(cr.Identity):
        formulas = Formulas(forward={"Y": "2 * X"}, backward={"dX": "dY"})

    model = cr.Model(cr.Sequential(cr.Dense(2), Wrong()), cr.SquaredError(), input_shape=(2,))
    page = model.explain([[1.0, 2.0]], [[0.0, 1.0]]).page
    (line,) = [one for one in lines(page) if one.left == "A"]
    assert str(line.formulas[0]) == "wrong(Z)"
