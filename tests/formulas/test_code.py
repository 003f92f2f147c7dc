"""Formula = code: the formulas of layers, losses and optimizers give what their code gives."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import example_layers
import example_losses
import example_optimizers
from arrays import away_from_zero
from chainrule.formulas import (
    parse,
    render_lines,
    renote_lines,
    run,
    samples_of,
    turn,
)
from chainrule.layers.combinators import Combinator


def settings_of(description: Any) -> dict[str, Any]:
    """Return a description's own numbers: slope, factor, beta1."""
    values = {f.name: getattr(description, f.name) for f in fields(description)}
    return {name: v for name, v in values.items() if isinstance(v, int | float)}


def layer_pass(example: Any) -> tuple[dict[str, Any], dict[str, Any], Any, dict[str, Any]]:
    """Return the letters of a pass, what the code made of them, its formulas and functions."""
    layer, params, X = example.layer, example.parameters(), example.samples()
    Y, cache = layer.forward(params, X, example.context())
    dY = away_from_zero(Y.shape, seed=7)
    dX, gradients = layer.backward(params, cache, dY)
    results = {"Y": Y, "dX": dX, **{f"d{name}": g for name, g in gradients.items()}}
    kept = cache if isinstance(cache, dict) else {}
    named = {name: v for name, v in kept.items() if isinstance(v, np.ndarray)}
    letters = {**named, "X": X, "dY": dY, **params, **settings_of(layer)}
    return letters, results, layer.formulas_of(cache), dict(layer.structural(cache))


COMBINATORS = (Combinator, cr.Shared)
LAYERS = [e for e in example_layers.LAYERS if not isinstance(e.layer, COMBINATORS)]
# Images do not turn, nor do functions that rearrange samples lying in rows.
TURNING = [e for e in LAYERS if len(e.shape) == 1 and not layer_pass(e)[3]]
OPTIMIZERS = [example.optimizer for example in example_optimizers.OPTIMIZERS]


@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_a_layers_formulas_are_its_code(example: Any) -> None:
    letters, results, formulas, structural = layer_pass(example)
    functions = {**formulas.functions, **structural}
    received = run({**formulas.forward, **formulas.backward}, letters, functions)
    for name, expected in results.items():
        np.testing.assert_allclose(received[name], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("notation", ["columns", "transposed"])
@pytest.mark.parametrize("example", TURNING, ids=str)
def test_a_layers_formulas_hold_on_other_boards(example: Any, notation: str) -> None:
    letters, results, formulas, _ = layer_pass(example)
    functions = formulas.functions
    lines = renote_lines({**formulas.forward, **formulas.backward}, notation, functions=functions)
    turned = {name: turn(value, notation, name) for name, value in letters.items()}
    received = run(lines, turned, functions, samples_of(notation))
    for name, expected in results.items():
        np.testing.assert_allclose(received[name], turn(expected, notation, name), rtol=1e-12)


@pytest.mark.parametrize("example", example_losses.LOSSES, ids=str)
def test_a_losss_formulas_are_its_code(example: Any) -> None:
    loss, Z, formulas = example.loss, example.outputs(), example.loss.formulas
    w = np.random.default_rng(3).uniform(0.5, 1, len(Z))
    for targets in example.targets().values():
        Y = np.eye(Z.shape[1])[targets] if targets.ndim == 1 else targets
        value, dZ = loss(Z, targets, w)
        letters = {**settings_of(loss), "Z": Z, "Y": Y, "w": w[:, None], "k": Z.shape[1]}
        received = run({**formulas.forward, **formulas.backward}, letters, formulas.functions)
        np.testing.assert_allclose(received["J"].item(), value, rtol=1e-12)
        np.testing.assert_allclose(received["dZ"], dZ, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_an_optimizers_formulas_are_its_code(optimizer: Any) -> None:
    params = {"p": away_from_zero((3, 2), seed=1)}
    state = optimizer.init(params)
    letters = {"p": params["p"], **state["p"]}
    for step in range(8):
        gradients = {"p": away_from_zero((3, 2), seed=step + 2)}
        params, state = optimizer.update(params, gradients, state, step)
        now = {**letters, "g": gradients["p"], "t": step + 1, **settings_of(optimizer)}
        letters = run(optimizer.formulas.update, now)
        np.testing.assert_allclose(letters["p"], params["p"], rtol=1e-11)
        for slot, array in state["p"].items():
            np.testing.assert_allclose(letters[slot], array, rtol=1e-11)


def test_they_print_as_in_the_books() -> None:
    adam, dense = cr.Adam().formulas.update, cr.Dense(1).formulas
    assert render_lines(adam, arrow=True) == [
        "m ← β₁·m + (1 − β₁)·g",
        "v ← β₂·v + (1 − β₂)·g²",
        "m̂ ← m/(1 − β₁ᵗ)",
        "v̂ ← v/(1 − β₂ᵗ)",
        "p ← p − η·m̂/(√v̂ + ε)",
    ]
    there = renote_lines({**dense.forward, **dense.backward}, "columns")
    assert render_lines(there)[:2] == ["Y = W·X + b", "dW = dY·Xᵀ"]


def test_every_formula_of_the_library_parses() -> None:
    stated = [e.layer for e in LAYERS] + [e.loss for e in example_losses.LOSSES] + OPTIMIZERS
    for description in stated:
        formulas = description.formulas
        lines = {**formulas.forward, **formulas.backward, **formulas.update}
        assert lines, description
        for formula in lines.values():
            assert parse(str(parse(formula))) == parse(formula)
