"""Planted slips: the first wrong line is found, its slip named, and what follows is told apart.

The wrong answers are worked out here in NumPy, as a student would, not with the table of slips.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explaining.marking import mark
from chainrule.explaining.worksheet import Worksheet, worksheet

Values = dict[str, Any]
Slip = Callable[[Values], Any]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def steps(v: Values, slip: dict[str, Slip]) -> Values:
    """The pass of a 2-2-1 network in columns, by hand; `slip` replaces single lines."""

    def line(name: str, right: Slip) -> None:
        v[name] = np.round(slip.get(name, right)(v), 4)

    line("Z1", lambda v: v["W1"] @ v["X"] + v["b1"])
    line("A1", lambda v: sigmoid(v["Z1"]))
    line("Z2", lambda v: v["W2"] @ v["A1"] + v["b2"])
    line("A2", lambda v: sigmoid(v["Z2"]))
    m = v["X"].shape[1]
    line("L", lambda v: (v["A2"] - v["Y"]) ** 2 / 2)
    line("J", lambda v: v["L"].sum() / m)
    line("dA2", lambda v: (v["A2"] - v["Y"]) / m)
    line("dZ2", lambda v: v["dA2"] * v["A2"] * (1 - v["A2"]))
    line("dW2", lambda v: v["dZ2"] @ v["A1"].T)
    line("db2", lambda v: v["dZ2"].sum(axis=1, keepdims=True))
    line("dA1", lambda v: v["W2"].T @ v["dZ2"])
    line("dZ1", lambda v: v["dA1"] * v["A1"] * (1 - v["A1"]))
    line("dW1", lambda v: v["dZ1"] @ v["X"].T)
    line("db1", lambda v: v["dZ1"].sum(axis=1, keepdims=True))
    line("dX", lambda v: v["W1"].T @ v["dZ1"])
    for p in ("W2", "b2", "W1", "b1"):
        line(f"{p}_prime", lambda v, p=p: v[p] - 0.5 * v[f"d{p}"])
    return v


@cache
def sheet(name: str = "ada", samples: int = 1) -> Worksheet:
    network = cr.Sequential(cr.Dense(2), cr.Sigmoid(), cr.Dense(1), cr.Sigmoid())
    model = cr.Model(network, cr.SquaredError(), cr.SGD(0.5), input_shape=(2,))
    return worksheet(model, name, board="columns", samples=samples)


def given(one: Worksheet) -> Values:
    page = one.solved.page
    blocks = page.sections[0].blocks
    return {b.left: np.asarray(b.result) for b in blocks}  # type: ignore[union-attr]


def answered(one: Worksheet, slip: dict[str, Slip]) -> Values:
    worked = steps(given(one), slip)
    return {key: np.asarray(worked[key]).tolist() for key in one.keys}


# name of the case: the line with the slip, what was done, a word of the diagnosis
SLIPS: dict[str, tuple[str, Slip, str]] = {
    "bias left out": ("Z1", lambda v: v["W1"] @ v["X"] + 0 * v["b1"], "b₁ is left out"),
    "W transposed": ("Z1", lambda v: v["W1"].T @ v["X"] + v["b1"], "W₁ is transposed"),
    "bias subtracted": ("Z2", lambda v: v["W2"] @ v["A1"] - v["b2"], "b₂ is subtracted"),
    "no activation": ("A1", lambda v: v["Z1"], "σ(Z₁) is left out"),
    "sign of the exponent": ("A2", lambda v: sigmoid(-v["Z2"]), "sign is turned"),
    "tanh": ("A1", lambda v: np.tanh(v["Z1"]), "tanh is taken"),
    "no ½": ("L", lambda v: (v["A2"] - v["Y"]) ** 2, "½"),
    "no square": ("L", lambda v: (v["A2"] - v["Y"]) / 2, "power 2"),
    "target minus output": ("dA2", lambda v: (v["Y"] - v["A2"]) / v["X"].shape[1], "sign"),
    "factor 2": ("dA2", lambda v: 2 * (v["A2"] - v["Y"]) / v["X"].shape[1], "factor 2"),
    "no derivative": ("dZ2", lambda v: v["dA2"], "derivative σ′(Z₂) is left out"),
    "derivative at a": ("dZ2", lambda v: v["dA2"] * sigmoid(v["A2"]) * (1 - sigmoid(v["A2"])),
                        "taken at A₂"),
    "z in the formula of a": ("dZ1", lambda v: v["dA1"] * v["Z1"] * (1 - v["Z1"]), "Z₁ put in"),
    "σ for σ′": ("dZ1", lambda v: v["dA1"] * v["A1"], "where its derivative"),
    "1 − a forgotten": ("dZ1", lambda v: v["dA1"] * (1 - v["A1"]), "A₁ is left out"),
    "Z1 for A1": ("dW2", lambda v: v["dZ2"] @ v["Z1"].T, "Z₁ is put in where A₁"),
    "dA for dZ": ("dW2", lambda v: v["dA2"] @ v["A1"].T, "dA₂ is put in where dZ₂"),
    "sign of dW": ("dW2", lambda v: -v["dZ2"] @ v["A1"].T, "sign is turned"),
    "dW1 transposed": ("dW1", lambda v: (v["dZ1"] @ v["X"].T).T, "transpose"),
    "dX without transpose": ("dX", lambda v: v["W1"] @ v["dZ1"], "W₁ is not transposed"),
    "no rate": ("W1_prime", lambda v: v["W1"] - v["dW1"], "η is left out"),
    "uphill": ("b1_prime", lambda v: v["b1"] + 0.5 * v["db1"], "added"),
    "one entry": ("dW1", lambda v: v["dZ1"] @ v["X"].T + np.array([[0, 0.3], [0, 0]]),
                  "only entry [1,2]"),
    "nonsense": ("dW1", lambda v: np.array([[7.0, -3], [5, 11]]), "no usual slip"),
    "rounded early": ("dX", lambda v: 1.02 * (v["W1"].T @ v["dZ1"]), "rounded"),
}  # fmt: skip


@pytest.mark.parametrize("student", ["ada", "bob", "eve"])
@pytest.mark.parametrize("case", SLIPS)
def test_the_first_wrong_line_and_its_slip_are_named(case: str, student: str) -> None:
    key, slip, word = SLIPS[case]
    one = sheet(student)
    marking = mark(one, answered(one, {key: slip}))
    first = marking.first_wrong
    assert first is not None, str(marking)
    assert first.key == key
    assert word in first.words.split("\n")[0], first.words
    assert "expected" in first.words
    verdicts = {m.key: m.verdict for m in marking.marks}
    assert list(verdicts.values()).count("wrong") == 1, str(marking)


BATCH: dict[str, tuple[str, Slip, str]] = {
    "bias not summed": ("db1", lambda v: v["dZ1"], "sum over the samples is left out"),
    "bias averaged": ("db1", lambda v: v["dZ1"].mean(axis=1, keepdims=True), "averaged"),
    "1/m missing": ("dA2", lambda v: v["A2"] - v["Y"], "1/m"),
    "1/m twice": ("dW2", lambda v: v["dZ2"] @ v["A1"].T / 3, "once too often"),
    "J not divided": ("J", lambda v: v["L"].sum(), "1/m"),
    "the samples' axis": (
        "dA1",
        lambda v: v["W2"].T @ v["dZ2"].mean(1, keepdims=True) + 0 * v["A1"],
        "no usual slip",
    ),
    "twice": ("dA1", lambda v: v["W2"].T * v["dZ2"] * 2, "factor 2"),
}


@pytest.mark.parametrize("student", ["ada", "bob", "eve"])
@pytest.mark.parametrize("case", BATCH)
def test_slips_over_the_batch(case: str, student: str) -> None:
    key, slip, word = BATCH[case]
    one = sheet(student, samples=3)
    first = mark(one, answered(one, {key: slip})).first_wrong
    assert first is not None
    assert (first.key, word in first.words) == (key, True), first.words


def test_the_updated_weights_are_recognised() -> None:
    one = sheet()
    right = steps(given(one), {})

    def early(v: Values) -> Any:
        return right["W2_prime"].T @ v["dZ2"]

    first = mark(one, answered(one, {"dA1": early})).first_wrong
    # One step of a small gradient moves W₂ by little: still more than rounding does.
    assert first is None or "updated W₂′" in first.words


def test_by_hand_without_a_slip_every_line_is_right() -> None:
    for student in ("ada", "bob", "eve"):
        for samples in (1, 3):
            one = sheet(student, samples)
            marking = mark(one, answered(one, {}))
            assert marking.is_right, str(marking)


def test_what_follows_from_a_wrong_line_is_not_wrong() -> None:
    one = sheet()
    marking = mark(one, answered(one, {"dZ2": lambda v: v["dA2"]}))
    verdicts = {m.key: (m.verdict, m.root) for m in marking.marks}
    assert verdicts["dA2"] == ("right", 0)
    assert verdicts["dZ2"] == ("wrong", 0)
    for key in ("dW2", "db2", "dA1", "dZ1", "dW1", "db1", "dX", "W2_prime", "W1_prime"):
        assert verdicts[key] == ("follows", 7), key
    assert "follows from line (7)" in str(marking)


def test_two_slips_are_both_named() -> None:
    one = sheet()
    marking = mark(
        one,
        answered(
            one, {"Z1": lambda v: v["W1"] @ v["X"] + 0 * v["b1"], "dW2": SLIPS["sign of dW"][1]}
        ),
    )
    wrong = [m.key for m in marking.marks if m.verdict == "wrong"]
    assert wrong == ["Z1", "dW2"]


def test_open_lines_do_not_count_as_wrong() -> None:
    one = sheet()
    answers = {k: v for k, v in answered(one, {}).items() if k.startswith("d")}
    marking = mark(one, answers)
    verdicts = {m.key: m.verdict for m in marking.marks}
    assert verdicts["Z1"] == "open"
    assert verdicts["dW1"] == "right"
    assert not marking.is_right
    assert marking.first_wrong is None
    assert "not answered" in str(marking)


def test_numbers_in_another_arrangement_count() -> None:
    one = sheet()
    answers = answered(one, {})
    answers["Z1"] = [row[0] for row in answers["Z1"]]
    answers["A2"] = answers["A2"][0][0]
    assert mark(one, answers).is_right


def test_too_many_numbers_are_told() -> None:
    one = sheet()
    first = mark(one, {**answered(one, {}), "Z1": [1.0, 2.0, 3.0]}).first_wrong
    assert first is not None
    assert first.words == "2 numbers belong here, 2×1; there are 3"
