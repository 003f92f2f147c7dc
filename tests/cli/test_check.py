"""`chainrule check`: exit codes, what is checked in a file, JSON, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainrule as cr

RIGHT = """
import numpy as np

class Affine:
    def __init__(self, units):
        self.units, self.W = units, None

    def forward(self, X):
        if self.W is None:
            self.W, self.b = np.full((X.shape[1], self.units), 0.01), np.zeros(self.units)
        self.X = X
        return X @ self.W + self.b

    def backward(self, dY):
        self.dW, self.db = self.X.T @ dY, dY.sum(axis=0)
        return dY @ self.W.T
"""
WRONG = RIGHT.replace("dY.sum(axis=0)", "dY.mean(axis=0)")


@pytest.fixture
def code(tmp_path: Path, request: pytest.FixtureRequest) -> object:
    """Write a file of its own name, for a module stays imported, and return its path."""
    count = 0

    def write(text: str) -> Path:
        nonlocal count
        count += 1
        name = "".join(c if c.isalnum() else "_" for c in request.node.name)
        path = tmp_path / f"code_{name}_{count}.py"
        path.write_text(text)
        return path

    return write


def test_a_right_file_gives_0_and_a_wrong_one_1(run, code) -> None:
    assert run("check", code(RIGHT)).code == 0
    ran = run("check", f"{code(WRONG)}:Affine(3)")
    assert ran.code == 1
    assert "Affine(units=3) (code_" in ran.out
    assert "X (4, 2) → Y (4, 3)" in ran.out
    assert "The bias gradient is averaged over the batch" in ran.out
    assert ran.out.rstrip().endswith("exit code 1")


def test_json_is_one_object_with_the_slip_and_its_line(run, code) -> None:
    found = run("check", code(WRONG), "--json").json
    assert found["passed"] is False
    finding = found["diagnosis"]["findings"][0]
    assert finding["slip"] == "bias averaged"
    assert finding["claim"] == "gradient"
    assert finding["line"] == "self.dW, self.db = self.X.T @ dY, dY.mean(axis=0)"
    assert [r["gradient"] for r in found["results"] if not r["passed"]] == ["db"]


def test_everything_in_a_file_is_checked_and_one_mistake_is_enough(run, code) -> None:
    path = code(RIGHT + WRONG.replace("class Affine", "class Other"))
    ran = run("check", path)
    assert ran.code == 1
    assert "Affine" in ran.out
    assert "Other" in ran.out
    assert run("check", f"{path}:Affine").code == 0
    found = run("check", path, "--json").json
    assert [c["passed"] for c in found["certificates"]] == [True, False]


def test_functions_are_found_by_their_names(run, code) -> None:
    text = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
def sigmoid_derivative(z): return sigmoid(z) * (1 - sigmoid(z))
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y) / m}, cost
"""
    ran = run("check", code(text))
    assert ran.code == 0, ran.out
    assert "sigmoid and sigmoid_derivative" in ran.out
    assert "propagate" in ran.out


def test_an_object_in_the_file_is_taken_before_its_class(run, code) -> None:
    ran = run("check", code(RIGHT + "\nlayer = Affine(4)\n"))
    assert "layer (code_" in ran.out
    assert "Y (4, 4)" in ran.out


def test_a_model_is_checked(run, tmp_path) -> None:
    network = cr.Sequential(cr.Dense(3), cr.Tanh(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
    model.save(tmp_path / "model.safetensors")
    ran = run("check", "model.safetensors")
    assert ran.code == 0
    assert "0.dW (4, 3)" in ran.out
    assert run("check", "model.safetensors", "--loss", "SquaredError").code == 0


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("x = 1", [], "nothing to check: expected a class with forward(X)"),
        ("x = = 1", [], "line 1: SyntaxError"),
        (RIGHT, [":Afine(3)"], 'did you mean "Affine"?'),
        (RIGHT, [":Affine(x)"], "arguments are plain numbers or text"),
        (RIGHT, [":Affine()"], "Affine(): TypeError"),
        (RIGHT, [":1 +"], "expected the name of something"),
        (RIGHT.replace("self.X = X", "raise RuntimeError('no')"), [], "RuntimeError: no (code_"),
        (RIGHT, ["", "--notation", "colums"], 'did you mean "columns"?'),
        (RIGHT, ["", "--loss", "SquaredError"], "--loss belongs to a model"),
        (RIGHT, ["", "--samples", "0"], "--samples"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_wrong_use_gives_2_and_one_line(run, code, text, arguments, message) -> None:
    suffix, *options = arguments or [""]
    ran = run("check", f"{code(text)}{suffix}", *options)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_is_not_there_is_named(run) -> None:
    assert 'no Python file at "none.py"' in run("check", "none.py").err
    assert 'no model file at "none.safetensors"' in run("check", "none.safetensors").err
