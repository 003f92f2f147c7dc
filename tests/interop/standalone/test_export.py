"""Files are written, run by themselves, and are compared with the model."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.standalone import export as module
from chainrule.interop.standalone.export import export_standalone
from small import classification, classifier


@dataclass(frozen=True, repr=False, eq=False)
class Bent(cr.Layer):
    """A layer of one's own, with its formula: that is all an export needs."""

    slope: float = 0.5
    formulas = cr.Formulas(forward={"S": "X**2", "Y": "where(X > 0, X, slope * S) + a"})

    def parameters(self, shape: Any) -> Any:
        return {"a": cr.Spec(shape[-1:], cr.Constant(0.25))}

    def forward(self, params: Any, X: Any, ctx: Any = cr.INFERENCE) -> Any:
        xp = cr.array_namespace(X)
        return xp.where(X > 0, X, self.slope * X * X) + params["a"], X


@dataclass(frozen=True, repr=False, eq=False)
class Mixed(cr.Layer):
    """A layer whose formula mixes the features: C cannot do it entry by entry."""

    formulas = cr.Formulas(forward={"Y": "X - feature_mean(X)"})

    def forward(self, params: Any, X: Any, ctx: Any = cr.INFERENCE) -> Any:
        return X - X.mean(axis=-1, keepdims=True), X


@dataclass(frozen=True, repr=False, eq=False)
class Silent(cr.Layer):
    """A layer that states no formula."""

    def forward(self, params: Any, X: Any, ctx: Any = cr.INFERENCE) -> Any:
        return X, X


def with_layer(layer: cr.Layer) -> cr.Model:
    return cr.Model(cr.Sequential(cr.Dense(3), layer), cr.SquaredError(), input_shape=(4,))


@pytest.mark.parametrize("name", ["net.py", "net.h"])
def test_a_model_is_written_and_compared(tmp_path: Path, name: str) -> None:
    x, y = classification()
    model = classifier()
    model.fit(x, y, epochs=2, verbose=0)
    report = export_standalone(model, tmp_path / name, x)
    assert (report.rows, report.differing, report.bytes) == (
        30, 0, (tmp_path / name).stat().st_size,
    )  # fmt: skip
    assert report.worst is not None
    assert report.worst < 1e-6
    assert "30 rows compared" in str(report)


@pytest.mark.parametrize("name", ["net.py", "net.h"])
def test_a_layer_of_ones_own_is_written_from_its_formula(tmp_path: Path, name: str) -> None:
    report = export_standalone(with_layer(Bent()), tmp_path / name, np.eye(4) - 0.5)
    assert report.worst is not None
    assert report.worst < 1e-6


def test_the_python_file_runs_by_itself(tmp_path: Path) -> None:
    x, _ = classification()
    model = classifier(input_shape=(4,), classes=("a", "b", "c"))
    export_standalone(model, tmp_path / "net.py", x)
    np.save(tmp_path / "rows.npy", x)
    code = "import sys; sys.modules['chainrule'] = None; import runpy; sys.argv = sys.argv[1:]; "
    run = [sys.executable, "-c", code + "runpy.run_path(sys.argv[0], run_name='__main__')"]
    checked = subprocess.run([*run, "net.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout[:6]) == (0, "3 rows")
    said = subprocess.run([*run, "net.py", "rows.npy"], cwd=tmp_path, capture_output=True)
    assert said.stdout.decode().split() == model.predict(x).tolist()
    text = (tmp_path / "net.py").read_text("utf-8")
    (tmp_path / "net.py").write_text(text.replace("X = np.tanh(X)", "X = np.cos(X)"), "utf-8")
    assert subprocess.run([*run, "net.py"], cwd=tmp_path, capture_output=True).returncode == 1


@pytest.mark.parametrize(
    ("layer", "name", "message"),
    [
        (Silent(), "net.py", r"1: Silent\(\) cannot be exported to Python: it states no formula"),
        (
            Mixed(),
            "net.h",
            r'1: Mixed\(\) cannot be exported to C: its formula uses "feature_mean"',
        ),
    ],
)
def test_what_cannot_be_written_is_named(
    tmp_path: Path, layer: Any, name: str, message: str
) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        export_standalone(with_layer(layer), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_formula_that_is_not_the_code_is_found_out(tmp_path: Path) -> None:
    class Wrong(Bent):
        formulas = cr.Formulas(forward={"Y": "X + a"})

    with pytest.raises(cr.ConfigurationError, match="does not answer as the model does"):
        export_standalone(with_layer(Wrong()), tmp_path / "net.py", -np.ones((1, 4)))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("net.txt", {}, "ends in .py or .h"),
        ("net.py", {"target": "cobol"}, 'unknown target "cobol"'),
        ("1.py", {}, "must start with a letter"),
        ("net.py", {"rows": np.zeros((2, 3))}, r"rows must be \(samples, 4\)"),
        ("net.py", {"rows": np.zeros((0, 4))}, "at least one sample"),
    ],
)
def test_wrong_use(tmp_path: Path, name: str, options: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        export_standalone(classifier(input_shape=(4,)), tmp_path / name, **options)


def test_without_a_compiler_the_report_says_so(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "COMPILERS", ("no-such-compiler",))
    report = export_standalone(classifier(input_shape=(4,)), tmp_path / "net.h")
    assert report.worst is None
    assert "not compared: there is no C compiler" in str(report)
