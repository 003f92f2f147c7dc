"""The rules in other libraries' form: formula = code, and SGD's steps where they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.formulas import evaluate
from chainrule.optimizers import SGD, Adam, AdamEpsilonHat, Momentum, Rule

P, G = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.0, -7.0])


@pytest.mark.parametrize(
    "rule",
    [Momentum(0.1), Momentum(0.1, 0.8, nesterov=True), AdamEpsilonHat(0.1, eps=0.01)],
    ids=repr,
)
def test_formula_is_code(rule: Rule) -> None:
    slots: dict[str, Any] = {name: np.array([0.1, 0.2, 0.3]) for name in rule.slots}
    letters = {**vars(rule), **slots, "p": P, "g": G, "t": np.float64(3)}
    for name, line in rule.formulas.update.items():
        letters[name] = evaluate(line, letters)
    moved, state = rule.update({"W": P}, {"W": G}, {"W": slots}, 2)
    np.testing.assert_allclose(moved["W"], letters["p"], rtol=1e-12)
    for name, value in state["W"].items():
        np.testing.assert_allclose(value, letters[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        (Momentum(0.1, 0.9), SGD(0.1, 0.9)),
        (Momentum(0.1, 0.9, nesterov=True), SGD(0.1, 0.9, nesterov=True)),
        (AdamEpsilonHat(0.1, eps=1e-30), Adam(0.1, eps=1e-30)),
    ],
    ids=repr,
)
def test_the_same_steps(rule: Rule, same: Rule) -> None:
    states = [({"W": P}, r.init({"W": P})) for r in (rule, same)]
    for step in range(5):
        g = {"W": G + step + 1.0}
        states = [r.update(p, g, s, step) for r, (p, s) in zip((rule, same), states, strict=True)]
    np.testing.assert_allclose(states[0][0]["W"], states[1][0]["W"], rtol=1e-12)
