"""Imports point one way, and what is heavy is imported only where it is used."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from imports import SOURCE, imports, inside, modules

IMPORTS = imports()
BASE = ("derivation", "description", "errors", "namespace", "randomness", "stored", "tree")

# What each part of the core may import of chainrule; DESIGN: "Imports point one way".
ALLOWED = {
    "errors": (),
    "namespace": (),
    "derivation": (),
    "tree": (),
    "description": ("errors",),
    "randomness": ("namespace",),
    "alignment": ("namespace",),
    "row_file": ("alignment", "namespace"),
    "stored": ("errors", "namespace", "row_file"),
    "initializers": BASE,
    "layers": (*BASE, "initializers", "layers"),
    "losses": (*BASE, "losses"),
    "optimizers": (*BASE, "optimizers"),
    "network": (*BASE, "initializers", "layers", "losses"),
    "penalty": BASE,
    "step": (*BASE, "layers.base", "losses", "optimizers", "penalty"),
    "metrics": (*BASE, "losses", "step", "metrics"),
    "formulas": (*BASE, "formulas"),
    "sharding": (*BASE, "layers.base", "metrics", "step"),
}
OUTER = (
    "building",
    "checking",
    "cli",
    "doctor",
    "estimators",
    "explaining",
    "interop",
    "plotting",
    "scale",
    "tables",
)

# Third parties, and the only parts of chainrule that may import them.
THIRD_PARTIES = {
    "jax": ("engines", "interop.frameworks.sides"),
    "typer": ("cli",),
    "click": ("cli",),
    "rich": ("cli", "data.progress", "training.progress"),
    "matplotlib": ("plotting",),
    "PIL": ("data", "plotting", "cli"),
    "safetensors": ("model_file", "interop"),
    "pyarrow": ("data.storage", "tables"),
    "urllib": ("data",),
    "http": ("data",),
    "ssl": ("data",),
    "scipy": ("training.lbfgs", "estimators"),
    "sklearn": ("estimators", "interop"),
    "onnx": ("interop",),
    "onnxruntime": ("interop",),
    "tensorboardX": ("training.callbacks.tensorboard_log",),
    "mpi4py": ("scale",),
    "torch": ("interop",),
    "keras": ("interop",),
    "h5py": ("interop",),
    "polars": ("tables",),
    "pandas": (),
    "tensorflow": (),
    "pickle": (),
    "random": (),
}


@pytest.mark.parametrize("part", ALLOWED)
def test_the_core_imports_what_is_below_it(part: str) -> None:
    checked = [i for i in IMPORTS if inside(i.module, part) and i.target.startswith("chainrule")]
    wrong = [i for i in checked if not inside(i.target, *ALLOWED[part])]
    assert wrong == []


def test_the_outer_parts_are_imported_by_outer_parts_alone() -> None:
    wrong = [
        i for i in IMPORTS if inside(i.target, *OUTER) and not inside(i.module, *OUTER) and i.eager
    ]
    assert wrong == []


@pytest.mark.parametrize("name", THIRD_PARTIES)
def test_a_third_party_is_imported_in_its_place_alone(name: str) -> None:
    users = [i.module for i in IMPORTS if i.target.split(".")[0] == name]
    assert [user for user in users if not inside(user, *THIRD_PARTIES[name])] == []


def test_no_module_needs_itself_to_be_loaded() -> None:
    known, graph = modules(), {}
    for module in known:
        eager = {i.target for i in IMPORTS if i.module == module and i.eager}
        graph[module] = (eager & known.keys()) - {
            "chainrule"
        }  # the package itself, for its version
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_no_module_is_called_utils() -> None:
    assert not [
        m for m in modules() if m.rpartition(".")[2] in ("utils", "util", "helpers", "misc")
    ]


def test_numpys_generators_are_used_nowhere() -> None:
    for module, path in modules().items():
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        uses = [n.lineno for n in nodes if isinstance(n, ast.Attribute) and n.attr == "random"]
        assert uses == [], module


def run(code: str, **options: Any) -> Any:
    """Return what a fresh interpreter prints as JSON."""
    command = [sys.executable, "-c", code]
    return json.loads(subprocess.run(command, capture_output=True, check=True, **options).stdout)


HEAVY = ["rich", "typer", "jax", "safetensors", "matplotlib", "torch", "PIL", "sklearn", "scipy"]
HEAVY += ["urllib.request", "http.client", "ssl", "asyncio", "chainrule.cli", "chainrule.formulas"]
HEAVY += ["chainrule.data", "chainrule.explaining", "chainrule.checking", "chainrule.plotting"]


def test_importing_chainrule_imports_nothing_heavy() -> None:
    loaded = run("import json, sys, chainrule; print(json.dumps(sorted(sys.modules)))")
    assert set(loaded) & set(HEAVY) == set()


def test_the_core_trains_without_the_outer_parts(tmp_path: Path) -> None:
    def left_out(folder: str, names: list[str]) -> set[str]:
        outer = {
            *OUTER,
            *(f"{part}.py" for part in OUTER),
            "formulas",
            "xla_engine.py",
            "device.py",
        }
        return outer & set(names) | {"__pycache__"} & set(names)

    shutil.copytree(SOURCE, tmp_path / "chainrule", ignore=left_out)
    code = (
        "import chainrule as cr, json;"
        "model = cr.Model(cr.Dense(1), cr.SquaredError());"
        "history = model.fit([[1.0], [2.0]], [1.0, 2.0], verbose=0, engine='numpy');"
        "model.save('model'); cr.load('model').predict([[1.0]]);"
        "print(json.dumps([cr.__file__, history.epochs]))"
    )
    place, epochs = run(code, cwd=tmp_path)
    assert Path(place).is_relative_to(tmp_path)
    assert epochs == 1
