"""A new layer is its class, its export and its row in the table: nothing else knows it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero
from chainrule.derivation import Formulas
from chainrule.layers import __all__ as exported
from gradient_check import check_layer, complex_step

SOURCE = Path(cr.__file__).parent
# The core files that know a layer by name, and why they may.
MAY_KNOW = {
    "building.py": set(exported),  # the names that a command line has for them
    "network.py": {"Sequential", "Sigmoid", "Softmax"},  # the fusion with a loss
    "surgery.py": {"Sequential", "Shared"},  # cuts a sequence in two; looks into what is shared
    "training/divergence.py": {"Sequential"},  # walks down a sequence
}


@dataclass(frozen=True, repr=False)
class Quadratic(cr.Layer):
    """Y = a X² + X: a whole layer, as a user would write it."""

    start: float = 0.1
    formulas = Formulas(
        forward={"Y": "a * X**2 + X"},
        backward={"da": "batch_sum(X**2 * dY)", "dX": "dY * (2 * a * X + 1)"},
    )

    def parameters(self, shape: tuple[int, ...]) -> dict[str, Any]:
        return {"a": cr.Spec(shape, cr.Uniform(self.start, 2 * self.start))}

    def forward(self, params: Any, X: Any, ctx: cr.Context = cr.INFERENCE) -> Any:
        return params["a"] * X * X + X, X

    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        X = cache
        return dY * (2 * params["a"] * X + 1), {"a": (X * X * dY).sum(axis=0)}


def test_its_class_alone_is_a_layer_all_round(tmp_path: Path) -> None:
    layer = Quadratic(0.2)
    X = away_from_zero((4, 3), seed=1)
    check_layer(layer, layer.init((3,), dtype="float64"), X)
    check_layer(layer, layer.init((3,), dtype="float64"), X, complex_step, 1e-12)
    network = cr.Sequential(layer, cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.05))
    y = (X.sum(axis=1) > 0).astype(int)
    history = model.fit(X, y, epochs=50, verbose=0)
    assert history["loss"][-1] < history["loss"][0]
    start = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(3,)).parameters["0.a"]
    assert (model.parameters["0.a"] != start).all()
    assert repr(layer) == "Quadratic(0.2)"
    assert "0     Quadratic(0.2)  (m, 3)           3" in model.summary()
    model.save(tmp_path / "model.safetensors")
    loaded = cr.load(tmp_path / "model.safetensors")
    assert loaded.network == network
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize("package", ["", "training", "engines"])
def test_no_other_file_of_the_core_knows_a_layer_by_name(package: str) -> None:
    names = {n for n in exported if n[0].isupper()} - {"Context", "INFERENCE", "Layer", "Spec"}
    for path in sorted((SOURCE / package).glob("*.py")):
        if path == SOURCE / "__init__.py":
            continue
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        used = {node.id for node in nodes if isinstance(node, ast.Name)} & names
        assert used <= MAY_KNOW.get(path.relative_to(SOURCE).as_posix(), set()), path
