"""The page on one's own layers: its code runs, is right, and its commands print what it says."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from documents import ROOT, blocks, commands, run_command, run_python

PAGE = ROOT / "docs" / "adding-a-layer.md"
ENGINES = [
    "numpy",
    pytest.param("xla", marks=pytest.mark.skipif(not find_spec("jax"), reason="no jax")),
]
SCREEN = 120  # lines


@pytest.fixture
def mine() -> dict[str, Any]:
    names: dict[str, Any] = {"cr": cr}
    run_python(PAGE, names)
    return names


def test_it_is_one_screen() -> None:
    assert len(PAGE.read_text("utf-8").splitlines()) <= SCREEN


@pytest.mark.parametrize("name", ["Swish", "Gain", "Cautious"])
def test_each_is_certified(mine: dict[str, Any], name: str) -> None:
    certificate = cr.check(mine[name]())
    assert certificate.exit_code == 0, str(certificate)
    assert "formula = code  ✓" in str(certificate)


def test_the_optimizers_formula_is_what_its_code_does(mine: dict[str, Any]) -> None:
    from chainrule.formulas import evaluate

    p, g = np.array([1.0, 2.0, 3.0]), np.array([-0.5, 0.0, 7.0])
    rule = mine["SignDescent"](0.25)
    moved = rule.rule(p, g, {}, learning_rate=0.25)[0]
    np.testing.assert_array_equal(moved, [1.25, 2.0, 2.75])
    np.testing.assert_array_equal(
        evaluate(rule.formulas.update["p"], {"p": p, "g": g, "learning_rate": 0.25}), moved
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_all_of_them_train_on_either_engine(mine: dict[str, Any], engine: str) -> None:
    network = cr.Sequential(cr.Dense(8), mine["Swish"](), mine["Gain"](), cr.Dense(1))
    x, y = cr.data.make_moons(200)
    model = cr.Model(network, mine["Cautious"](), mine["SignDescent"](2e-3))
    history = model.fit(x, y.astype(float), epochs=20, verbose=0, engine=engine)
    assert history.engine.startswith(engine)
    assert history["loss"][-1] < history["loss"][0] / 2
    page = str(model.explain(x[0], float(y[0])))
    assert "S₁ = 1/(1 + exp(−β·Z₁))" in page
    assert "V = {factor if Z₃ > Y, else 1}" in page
    assert "_back" not in page  # no line is without its formula


def test_the_commands_print_what_the_page_says(folder: Path) -> None:
    pytest.importorskip("jax", reason="the page shows that both engines agree")
    (folder / "mine.py").write_text(blocks(PAGE, "python")[0].text, "utf-8")
    said = commands(PAGE)
    assert [c.line.split()[1] for c in said] == ["check", "train", "evaluate", "evaluate"]
    for command in said:
        run_command(command)
