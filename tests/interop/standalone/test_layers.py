"""Every layer and every link is written as Python and as C, and answers as the model does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.standalone.answers import LINKS, link_of
from chainrule.interop.standalone.c import c_code
from chainrule.interop.standalone.c_layers import C_LAYERS, panels
from chainrule.interop.standalone.python import python_code
from chainrule.interop.standalone.python_layers import PYTHON
from example_losses import LOSSES
from example_models import EXAMPLES, model_of
from small import classifier

COMPILER = shutil.which("gcc") or shutil.which("cc")
NEEDS_C = pytest.mark.skipif(COMPILER is None, reason="no C compiler")
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wno-unused-function"]


def loaded(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "net"}
    exec(compile(code, "net.py", "exec", dont_inherit=True), names)
    return names


def test_the_examples_hold_every_layer() -> None:
    layers = {n for n in cr.layers.__all__ if isinstance(getattr(cr, n), type)}
    layers = {n for n in layers if issubclass(getattr(cr, n), cr.Layer)} - {"Layer"}
    assert layers == {type(e.layer).__name__ for e in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_layer_in_python(example: Any, dtype: str) -> None:
    model, X = model_of(example, dtype), example.samples(4, dtype)
    net = loaded(python_code(model, "net", X[:1]))
    Z = net["outputs"](X)
    assert Z.dtype == dtype
    limit = 1e-6 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(Z, model.outputs(X), rtol=limit, atol=limit)
    assert net["check"]() < limit


@NEEDS_C
def test_every_layer_in_c_at_once(tmp_path: Path) -> None:
    headers = []
    for i, example in enumerate(EXAMPLES):
        code = c_code(model_of(example), f"net{i}", example.samples(4, "float32"))
        headers.append(f"#define NET{i}_MAIN\n#define main net{i}_main\n{code}\n#undef main\n")
    calls = "".join(f"net{i}_main(1, 0);" for i in range(len(headers)))
    (tmp_path / "all.c").write_text("".join(headers) + f"int main(void) {{ {calls} return 0; }}\n")
    command = [COMPILER, *WARNINGS, "-Werror", "-O1", "all.c", "-o", "all", "-lm"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)  # type: ignore[arg-type]
    assert built.returncode == 0, built.stderr[:2000]
    ran = subprocess.run(["./all"], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert len(lines) == len(EXAMPLES)
    for example, line in zip(EXAMPLES, lines, strict=True):
        worst = float(line.split("difference ")[1].split(",")[0])
        assert worst < 1e-6, (example, line)


def test_the_tables_hold_no_layer_twice() -> None:
    assert all(layer in C_LAYERS for layer in PYTHON), "what is no formula in Python is none in C"


def with_loss(example: Any) -> cr.Model:
    network = cr.Sequential(cr.Dense(3), cr.Sigmoid() if example.takes_probabilities else cr.Tanh())
    return cr.Model(network, example.loss, input_shape=(2,))


@NEEDS_C
def test_every_link_in_c_at_once(tmp_path: Path) -> None:
    X = np.array([[0.5, -1.0]], np.float32)
    models = [with_loss(example) for example in LOSSES]
    code = "".join(c_code(model, f"net{i}", X) for i, model in enumerate(models))
    calls = "".join(
        f'net{i}_predictions(x, p); printf("%.9g %.9g %.9g\\n", p[0], p[1], p[2]);'
        for i in range(len(models))
    )
    main = f"int main(void) {{ float x[2] = {{0.5f, -1.0f}}, p[3]; {calls} return 0; }}"
    (tmp_path / "all.c").write_text(f"#include <stdio.h>\n{code}\n{main}\n")
    command = [str(COMPILER), *WARNINGS, "-Werror", "all.c", "-o", "all", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    ran = subprocess.run(["./all"], cwd=tmp_path, capture_output=True, text=True, check=True)
    for model, line in zip(models, ran.stdout.splitlines(), strict=True):
        expected = model.predict_proba(X)[0]
        np.testing.assert_allclose([float(p) for p in line.split()], expected, rtol=1e-5)


@pytest.mark.parametrize("example", LOSSES, ids=str)
def test_a_losss_link_in_python(example: Any) -> None:
    model, X = with_loss(example), np.array([[0.5, -1.0], [2.0, 0.25]])
    net = loaded(python_code(model, "net", X))
    np.testing.assert_allclose(net["predictions"](X), model.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(net["predict"](X), model.predict(X), rtol=1e-5)


def test_every_loss_has_a_link() -> None:
    names = set(cr.losses.__all__) - {"Loss", "CustomLoss", "one_hot"}
    assert names == {type(e.loss).__name__ for e in LOSSES}
    assert {link_of(e.loss) for e in LOSSES} == set(LINKS.values())


class Odd(cr.SquaredError):
    """A loss with a link of its own."""

    def predictions(self, Z: Any) -> Any:
        return 2 * Z


def test_a_link_of_ones_own_is_refused() -> None:
    model = cr.Model(cr.Dense(1), Odd(), input_shape=(2,))
    with pytest.raises(cr.ConfigurationError, match="`predictions` of its own"):
        python_code(model, "net", np.zeros((1, 2)))


def test_classes_keep_their_names() -> None:
    model = classifier(input_shape=(4,), classes=("sand", 'a "b"', "Öl"))
    X = np.eye(4)
    net = loaded(python_code(model, "net", X))
    assert net["predict"](X).tolist() == model.predict(X).tolist()
    assert r'{"sand", "a \042b\042", "\303\226l"}' in c_code(model, "net", X)


def test_panels_hold_every_weight_once() -> None:
    W = np.arange(3 * 47).reshape(3, 47)
    laid = panels(W)
    assert sorted(laid) == list(range(W.size))
    np.testing.assert_array_equal(laid[: 3 * 32].reshape(3, 32), W[:, :32])
    np.testing.assert_array_equal(laid[3 * 40 :].reshape(3, 7), W[:, 40:])
