"""Chains, sums and derivations: their numbers multiply out, their letters are worth them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigurationError
from chainrule.explaining.derivations import (
    all_places,
    at,
    derivation_of,
    elementwise_derivation,
    entry_value,
    places_of,
    read_entry,
    read_step,
)
from chainrule.explaining.entries import Entry, Partial
from chainrule.explaining.explain import explain
from chainrule.explaining.local import Local
from chainrule.explaining.page import Chain, Equation
from chainrule.explaining.trace import Record, trace
from chainrule.formulas import Letter
from chainrule.step import Batch
from explained_pages import CASES, chains, example


def arrays(case: str) -> tuple[Any, Any, Any]:
    model, x, y = CASES[case]()
    return model, np.asarray(x), np.asarray(y)


@pytest.mark.parametrize("form", ["chain", "index", "derive"])
@pytest.mark.parametrize("case", CASES)
def test_products_add_up_to_the_derivative(case: str, form: str) -> None:
    found = chains(explain(*arrays(case), form=form).page)
    assert found
    for one in found:
        total = one.omitted[1] + sum(prod(f.value for f in p) for p in one.products)
        assert total == pytest.approx(one.result, rel=1e-9, abs=1e-12)
        if one.nudge is not None and case != "shared":  # a place's part is not the whole
            assert one.nudge == pytest.approx(one.result, rel=1e-6, abs=1e-9)


def test_one_weight_is_the_example() -> None:
    text = str(example(notation="columns", focus="W1[2,1]"))
    for line in (
        " ONE WEIGHT  w₁[2,1] = 0.5, input 1 to hidden unit 2 (0.W[0, 1] in the code) ───",
        " ∂L/∂w₁[2,1] =  ∂L/∂a₂  · ∂a₂/∂z₂ · ∂z₂/∂a₁[2] · ∂a₁[2]/∂z₁[2] · ∂z₁[2]/∂w₁[2,1]",
        "             = −0.0197",
        "   chain rule −0.019708961150   nudge [L(w + ε) − L(w − ε)] / 2ε −0.019708961150",
    ):
        assert line in text.split("\n")
    (one,) = chains(example(notation="columns", focus="W1[2,1]").page)
    values = [round(f.value, 4) for f in one.products[0]]
    assert values == [0.3902, 0.2419, -1.2, 0.2486, 0.7]


@pytest.mark.parametrize(
    ("focus", "notation", "said"),
    [
        ("W1[2,1]", "columns", "0.W[0, 1]"),
        ("W1[1,2]", "rows", "0.W[0, 1]"),
        ("W1[1,2]", "transposed", "0.W[0, 1]"),
        ("b1[2]", "columns", "0.b[1]"),
        ("b1[2,1]", "columns", "0.b[1]"),
        ("0.W[1, 2]", "rows", "0.W[0, 1]"),
        ("W1", "rows", "0.W[0, 0]"),
        ("b2", "rows", "2.b[0]"),
        ("A1[2]", "columns", 'Y[0, 1] of layer "1"'),
        ("A1[2]", "rows", 'Y[0, 1] of layer "1"'),
        ("X[2]", "rows", 'X[0, 1] of layer "0"'),
        ("A2", "rows", 'Y[0, 0] of layer "3"'),
    ],
)
def test_a_focus_counts_as_its_board(focus: str, notation: str, said: str) -> None:
    text = str(example(notation=notation, focus=focus, form="chain"))
    assert said in text


@pytest.mark.parametrize(
    ("focus", "said"),
    [
        ("W3[1,1]", "there is no W3; there are X (2×1), W1 (2×2), b1 (2×1), Z1 (2×1), A1"),
        ("W1[3,1]", "W1 is (2×2) on this board, counted 1 to 2 and 1 to 2, got [3, 1]"),
        ("W1[0,1]", "got [0, 1]"),
        ("W1[1,1,1]", "got [1, 1, 1]"),
        ("b1[3]", "b1 is (2×1)"),
        ("[1]", "there is no"),
        ("W1[", "expected W1[1,1], with whole numbers"),
        ("W1[a]", "expected W1[1,1], with whole numbers"),
    ],
)
def test_a_focus_that_does_not_exist_is_refused_with_what_does(focus: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        example(notation="columns", focus=focus)
    assert said in str(caught.value)


def test_the_boards_own_letters_are_a_focus_too() -> None:
    assert "0.W[0, 1]" in str(example(board="pes", focus="w¹[2,1]", form="chain"))
    assert "0.W[0, 1]" in str(example(board="ai-library", focus="W1[2,1]", form="chain"))


def test_sums_are_the_texts() -> None:
    text = str(example(board="pes", form="index"))
    assert "∂C/∂a¹ₖ = Σⱼ ∂C/∂a²ⱼ·∂a²ⱼ/∂z²ⱼ·∂z²ⱼ/∂a¹ₖ" in text
    assert "∂C/∂w²ⱼₖ = ∂C/∂a²ⱼ·∂a²ⱼ/∂z²ⱼ·∂z²ⱼ/∂w²ⱼₖ" in text
    many = str(explain(*arrays("classes"), form="index"))
    assert "∂J/∂w₁[j,k] = Σᵢ ∂J/∂a₁[i,k]·∂a₁[i,k]/∂z₁[i,k]·∂z₁[i,k]/∂w₁[j,k]" in many


def test_a_derivation_goes_from_one_entry_to_the_matrix() -> None:
    text = str(example(board="ai-library", form="derive"))
    for line in (
        "dy/dw₁₁ = x₁ = 0.4800",
        "dE/dwⱼᵢ = dE/dyⱼ·dyⱼ/dwⱼᵢ = dE/dyⱼ·xᵢ",
        "dE/dX = Wᵀ·dE/dY",
        "dyⱼ/dxⱼ = exp(−xⱼ)/(1 + exp(−xⱼ))²",
    ):
        assert line in text, line
    softmax = str(explain(*arrays("softmax and squares"), form="derive"))
    assert "the quotient rule" in softmax
    assert "·([k = j] − a[i,j])" in softmax
    one = str(explain(*arrays("one sample"), form="derive", notation="columns", focus="W1[1,2]"))
    assert "∂z₁[1]/∂w₁[1,2] = x[2] = 0.4" in one
    assert "the other 0" in one
    assert "column · row" in one


LAYERS = [cr.Dense(2), cr.Sigmoid(), cr.Tanh(), cr.ReLU(), cr.LeakyReLU(0.1), cr.Softmax(),
          cr.Scale(0.5), cr.Identity()]  # fmt: skip


def seen(layer: cr.Layer) -> Record:
    loss, X = cr.SquaredError(), np.array([[0.3, -0.2, 0.8], [1.0, 0.4, -0.6]])
    k = layer.output_shape((3,))[0]
    batch = Batch(X, np.zeros((2, k)), np.ones(2), np.arange(2))
    return trace(layer, loss, layer.init((3,)), {}, batch).records[0]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layers_derivation_is_its_backward_entry_by_entry(layer: cr.Layer) -> None:
    record = seen(layer)
    derivation = derivation_of(record.formulas)
    assert derivation is not None
    X, Y = record.values["X"], record.values["Y"]
    known = {**record.values, "slope": 0.1, "factor": 0.5}
    sizes = {"j": X.shape[1], "k": Y.shape[1]}
    local, functions = Local(record), record.formulas.functions
    for output in all_places(Y.shape):
        entry = at(read_entry(derivation.entry), dict(zip("ik", output, strict=True)))
        assert entry_value(entry, known, sizes, functions) == pytest.approx(Y[output])
        covered = set()
        for key, text in derivation.partials.items():
            target = read_entry(key)
            assert isinstance(target, Entry)
            for place in all_places(record.values[target.name].shape):
                own = places_of(target.index, place)
                where = dict(zip("ik", output, strict=True))
                expected = 0.0
                if own is not None and all(where.get(n, v) == v for n, v in own.items()):
                    partial = at(read_entry(text), {**where, **own})
                    expected = entry_value(partial, known, sizes, functions)
                found = local.derivative(output, target.name, place)
                assert found == pytest.approx(expected, abs=1e-12), (key, output, place)
            covered.add(target.name)
        assert covered == {"X", *record.params}


LOSSES = [cr.SquaredError(), cr.SquaredError("sum"), cr.SquaredError("mean"),
          cr.BinaryCrossEntropy(), cr.SigmoidCrossEntropy(), cr.CrossEntropy(),
          cr.SoftmaxCrossEntropy()]  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_losss_derivation_is_its_gradient(loss: cr.Loss) -> None:
    Z, Y = np.array([[0.3, 0.2, 0.5], [0.1, 0.8, 0.1]]), np.eye(3)[[0, 2]]
    L, dZ = loss.per_sample(Z, Y)
    derivation = loss.formulas.derivation
    assert derivation is not None
    known = {"Z": Z, "Y": Y, "A": loss.predictions(Z), "L": L, "n": 3.0}
    sizes = {"j": 3, "k": 3}
    for i in range(2):
        entry = at(read_entry(derivation.entry), {"i": i})
        assert entry_value(entry, known, sizes) == pytest.approx(L[i])
        for k in range(3):
            partial = at(read_entry(derivation.partials["Z[i,k]"]), {"i": i, "k": k})
            assert entry_value(partial, known, sizes) == pytest.approx(dZ[i, k])


@pytest.mark.parametrize(
    "owner", [*LAYERS, *LOSSES], ids=lambda o: f"{type(o).__name__}-{getattr(o, 'scale', '')}"
)
def test_the_steps_of_a_derivation_are_equal(owner: Any) -> None:
    """Every right side of a step is worth the same, at an index where the step holds."""
    derivation = owner.formulas.derivation
    if derivation is None:
        return
    Z, Y = np.array([[0.3, 0.2, 0.5]]), np.array([[0.0, 0.0, 1.0]])
    known: dict[str, Any] = {"Z": Z, "Y": Y, "n": 3.0}
    if isinstance(owner, cr.Loss):
        known["A"] = owner.predictions(Z)
    else:
        known |= seen(owner).values
    for text in derivation.steps:
        step = read_step(text)
        assert isinstance(step.left, Partial)
        place = {"i": 0, "k": 0, "j": 1}
        values = [entry_value(at(r, place), known, {"j": 3, "k": 3}) for r in step.rights]
        assert values == pytest.approx([values[0]] * len(values)), text


def test_a_layer_without_a_derivation_is_told_by_its_numbers() -> None:
    text = str(explain(*arrays("normalized"), form="derive"))
    assert "states no derivation; its derivatives, from its code" in text
    assert elementwise_derivation(cr.LayerNorm().formulas) is None


@pytest.mark.parametrize("text", ["Y[0]", "import os", "Y[i,k", "a if b else c", "Y.shape"])
def test_what_the_language_of_entries_lacks_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        read_entry(text)


def test_a_new_layer_brings_its_derivation_in_its_own_file() -> None:
    from chainrule.derivation import Derivation, Formulas

    class Doubled(cr.Identity):
        formulas = Formulas(
            forward={"Y": "2 * X"}, backward={"dX": "2 * dY"},
            derivation=Derivation("2 * X[i,k]", {"X[i,k]": "2"},
                                  ("partial(Y[i,k], X[i,k]) = 2  # the constant stays",)),
        )  # fmt: skip

        def forward(self, params: Any, X: Any, ctx: Any = None) -> Any:
            return 2 * X, None

        def backward(self, params: Any, cache: Any, dY: Any) -> Any:
            return 2 * dY, {}

    model = cr.Model(cr.Sequential(cr.Dense(2), Doubled()), cr.SquaredError(), input_shape=(2,))
    page = explain(model, np.ones((1, 2)), np.zeros((1, 2)), form="derive").page
    equations = [b for s in page.sections for b in s.blocks if isinstance(b, Equation)]
    assert any(e.remark == "the constant stays" for e in equations)


def test_many_ways_are_told_layer_by_layer() -> None:
    network = cr.Sequential(cr.Dense(20), cr.Tanh(), cr.Dense(15), cr.Tanh(), cr.Dense(2))
    model = cr.Model(network, cr.SquaredError(), input_shape=(3,))
    page = explain(model, np.ones((1, 3)), np.zeros((1, 2)), form="chain", focus="W1[1,1]").page
    found: list[Chain] = chains(page)
    assert len(found) == 4
    assert found[0].nudge == pytest.approx(found[0].result, abs=1e-9)
    assert found[1].omitted[0] == 9
    assert Letter("L") in [c.left.top for c in found if isinstance(c.left, Partial)]
