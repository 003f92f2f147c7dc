"""Every Python block of the README and of the pages runs as it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from documents import PAGES, ROOT, blocks, run_python

WITH_CODE = [page for page in PAGES if blocks(page, "python")]


def digits_as_mnist() -> Any:
    """Return samples of MNIST's shape and type, without fetching it."""
    (x, y), (x_test, y_test) = cr.data.load("digits")
    large = [np.kron(part, np.ones((1, 3, 3))) * 15 for part in (x[:200], x_test[:20])]
    padded = [np.pad(part, ((0, 0), (2, 2), (2, 2))).astype(np.uint8) for part in large]
    return (padded[0], y[:200]), (padded[1], y_test[:20])


def small_model() -> cr.Model:
    """Return a model with made-up weights, as a page takes it for granted."""
    network = cr.Sequential(cr.Dense(2), cr.Sigmoid(), cr.Dense(1))
    return cr.Model(network, cr.SquaredError(), cr.SGD(0.5), input_shape=(2,))


def readme() -> dict[str, Any]:
    X = np.arange(10.0).reshape(2, 5)
    base = {"Layer": cr.Layer, "Formulas": cr.Formulas, "INFERENCE": cr.INFERENCE}
    return {**base, "dataclass": dataclass, "X": X, "dY": np.ones((2, 3))}


def mazur() -> dict[str, Any]:
    W = [[0.15, 0.20], [0.25, 0.30]]
    return {"START": {"0.W": W, "0.b": [0.35, 0.35], "2.W": W, "2.b": [0.6, 0.6]}}


# What a page takes for granted, beside cr and np.
GIVEN = {
    "README.md": readme,
    "docs/check.md": lambda: {"layer": cr.Dense(3)},
    "docs/explain.md": lambda: {"Derivation": cr.Derivation},
    "docs/explain-schema.md": lambda: {"explanation": small_model().explain([1.0, 2.0], [1.0])},
    "docs/texts/mazur.md": mazur,
    "docs/worksheets.md": lambda: {"model": small_model()},
}


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "chainrule.estimators" in page.read_text("utf-8"):
        pytest.importorskip("sklearn")
    load = cr.data.load
    monkeypatch.setattr(
        cr.data, "load", lambda name, **o: digits_as_mnist() if name == "mnist" else load(name, **o)
    )
    given = GIVEN.get(page.relative_to(ROOT).as_posix(), dict)()
    run_python(page, {"__name__": page.stem, "cr": cr, "np": np, **given})


def test_there_are_pages_with_code() -> None:
    assert {ROOT / "README.md", ROOT / "docs/adding-a-layer.md"} <= set(WITH_CODE)
    assert {ROOT / name for name in GIVEN} <= set(WITH_CODE)
