"""Write a network as code, and prove on rows that the code answers as the model does."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, DataError, unknown_name
from chainrule.inputs import as_samples
from chainrule.interop.standalone.c import c_code
from chainrule.interop.standalone.python import python_code
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.storage import write_atomically

WRITERS: dict[str, tuple[str, Callable[[Model, str, Array], str]]] = {
    "python": (".py", python_code),
    "c": (".h", c_code),
}
COMPILERS = ("cc", "gcc", "clang")
KEPT = 3  # rows that a file checks itself with
TOLERANCE = 1e-4  # of 1 + |z|: float32 sums in another order


@dataclass(frozen=True)
class Exported:
    """What was written, and how far it is from the model on the rows that were compared.

    `worst` is the largest |difference| / (1 + |z|) of the raw outputs, `differing` how many rows
    are answered otherwise; both are None where the code could not be run, and `remark` says why.
    """

    path: Path
    target: str
    bytes: int
    rows: int
    worst: float | None
    differing: int | None
    microseconds: float | None
    remark: str = ""

    def __str__(self) -> str:
        size = f"{self.path}: {self.bytes:,} bytes"
        if self.worst is None:
            return f"{size}; not compared: {self.remark}"
        same = (
            "all answers the same" if not self.differing else f"{self.differing:,} answer otherwise"
        )
        return (
            f"{size}; {self.rows:,} rows compared, worst difference {self.worst:.1e}, {same}, "
            f"{self.microseconds:,.1f} µs a row"
        )


def export_standalone(
    model: Model, path: str | Path, rows: Any = None, target: str | None = None
) -> Exported:
    """Write the network as one Python file (NumPy only) or one C header, and compare the two.

    `target` is "python" or "c", by default what the path's ending says. `rows` (m, ...) are real
    samples: all are run through the written code beside the model, and the first three stay in the
    file, which can check itself with them. Raises ConfigurationError for a layer or a loss of your
    own that has no code there, and where the code does not answer as the model does.

    >>> import chainrule as cr
    >>> network = cr.Sequential(cr.Dense(4), cr.Tanh(), cr.Dense(1))
    >>> model = cr.Model(network, cr.SquaredError(), input_shape=(2,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_standalone(model, f"{folder}/net.py", [[0.0, 1.0]]).rows
    1
    """
    path = Path(path)
    target = target or next((t for t, (e, _) in WRITERS.items() if path.suffix == e), None)
    if target is None:
        raise ConfigurationError(
            f"{path}: expected a name that ends in .py or .h, or target='python' or 'c'"
        )
    if target not in WRITERS:
        raise unknown_name("target", target, WRITERS)
    name = re.sub(r"\W", "_", path.stem, flags=re.ASCII).lower()
    if not name.isidentifier():
        raise ConfigurationError(
            f"{path}: its name must start with a letter, to be one in the code"
        )
    _ = model.state  # says so when the model is not built
    assert model.built is not None
    X = made_up(model) if rows is None else as_samples(rows, model.built.input_shape, "rows")
    if len(X) == 0:
        raise DataError("rows must hold at least one sample")
    text = WRITERS[target][1](model, name, X[:KEPT])
    write_atomically(path, text.encode())
    Z, seconds, remark = run_python(path, X) if target == "python" else run_c(path, name, X)
    if Z is None:
        return Exported(path, target, len(text.encode()), len(X), None, None, None, remark)
    expected = model.outputs(X)
    worst = float(np.max(np.abs(Z - expected) / (1 + np.abs(expected))))
    if not worst < TOLERANCE:
        raise ConfigurationError(
            f"{path} does not answer as the model does: the worst difference is {worst:.1e}"
        )
    decoded = [_answers(model, outputs) for outputs in (Z, expected)]
    differing = int((decoded[0] != decoded[1]).reshape(len(X), -1).any(axis=1).sum())
    return Exported(
        path, target, len(text.encode()), len(X), worst, differing, 1e6 * seconds / len(X)
    )


def made_up(model: Model) -> Array:
    """Return a few samples of the right shape, where nobody gave real ones."""
    assert model.built is not None
    shape = (KEPT, *model.built.input_shape)
    X = (np.arange(np.prod(shape)) * 0.6180339887 % 1).reshape(shape).astype(model.dtype)
    try:
        model.trained_layer.check_input(X, "rows")
    except DataError:  # tokens
        return np.zeros_like(X)
    return X


def _answers(model: Model, Z: Array) -> Array:
    if model.trained_loss.task == "classes":
        return Z.argmax(axis=1)
    if model.trained_loss.task == "binary":
        return model.trained_loss.threshold < Z
    return np.zeros(len(Z))  # numbers: the difference says it all


def run_python(path: Path, X: Array) -> tuple[Array | None, float, str]:
    """Return the outputs of an exported Python file, and the seconds that they took."""
    outputs = runpy.run_path(str(path))["outputs"]
    started = time.perf_counter()
    Z = np.asarray(outputs(X))
    return Z, time.perf_counter() - started, ""


def run_c(path: Path, name: str, X: Array) -> tuple[Array | None, float, str]:
    """Return the outputs of an exported header, compiled with the machine's compiler.

    And the seconds that they took, the start of the program included; or a remark why there are
    none.
    """
    compiler = next((c for c in COMPILERS if shutil.which(c)), None)
    if compiler is None:
        return None, 0.0, f"there is no C compiler here ({', '.join(COMPILERS)})"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, name)
        flags = ["-O3", "-std=c99", f"-D{name.upper()}_MAIN", "-x", "c", str(path), "-o", program]
        built = subprocess.run([compiler, *flags, "-lm"], capture_output=True, text=True)
        if built.returncode:
            return None, 0.0, f"{compiler} failed: {built.stderr.strip()[:300]}"
        given = np.ascontiguousarray(X, np.float32).tobytes()
        started = time.perf_counter()
        ran = subprocess.run([program, "-"], input=given, capture_output=True, check=True)
        seconds = time.perf_counter() - started
    return np.frombuffer(ran.stdout, np.float32).reshape(len(X), -1), seconds, ""
