"""The determinism receipt: what the bits of a training depend on, and digests of what came out.

The same seed, data and settings give the same bits on the same versions, engine, processor and
number of threads; another of these may round sums differently. The receipt holds them all, so that
a difference can be explained.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from os import environ
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.namespace import Array
from chainrule.step import predicting
from chainrule.stored import Stored
from chainrule.tree import flatten

if TYPE_CHECKING:
    from chainrule.model import Model

ROWS_AT_ONCE = 4096  # of a stored array
CURVES = 1e-3  # relative; rounding alone has moved no curve further


def digest(arrays: Iterable[Array]) -> str:
    """Return the SHA-256 of arrays with their shapes and types.

    >>> digest([np.zeros(2)]) == digest([np.zeros(2, np.float32)])
    False
    """
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str}{array.shape}".encode())
        parts: Iterable[Array] = [array]
        if isinstance(array, Stored):  # of the same bytes, but never all in memory
            starts = range(0, len(array), ROWS_AT_ONCE)
            parts = (array[start : start + ROWS_AT_ONCE] for start in starts)
        for part in parts:
            total.update(np.asarray(part, order="C").tobytes())
    return total.hexdigest()


def weights_digest(model: Model) -> str:
    """Return the digest of all weights that answer, in order of their names."""
    return digest(p for _, p in sorted(_answering(model).items()))


def _answering(model: Model) -> dict[str, Array]:
    """Return the parameters that predict and are saved: those of an optimizer's average."""
    return flatten(predicting(model.optimizer, model.state).params)


def surroundings(engine: str) -> dict[str, Any]:
    """Return versions, engine, threads and processor: what sums may be rounded by."""
    from importlib.metadata import PackageNotFoundError, version

    import chainrule

    found = {
        "chainrule": chainrule.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "engine": engine,
    }
    if engine.startswith("xla"):
        for name in ("jax", "jaxlib"):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "not installed"
    return found | _libraries(engine)


def _libraries(engine: str) -> dict[str, Any]:
    from threadpoolctl import threadpool_info

    from chainrule.machine import bound, threads

    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    most = max((b["num_threads"] for b in blas), default=1)
    if engine.startswith("xla"):  # which has threads of its own
        most = int(environ.get("NPROC") or bound())
    return {
        "blas": ", ".join(
            f"{b['internal_api']} {b['version']} for {b.get('architecture', 'any')}" for b in blas
        ),
        "threads": min(threads(), most),
    }


def receipt(model: Model, x: Array, y: Array) -> dict[str, Any]:
    """Return the receipt of a training that has just ended, on these data."""
    curves = model.history.curves
    return {
        "seed": model.seed,
        "data": digest(a if isinstance(a, Stored) else np.asarray(a) for a in (x, y)),
        "surroundings": surroundings(
            model.history.engine.split(":")[0].split(";")[0].split(" ")[0]
        ),
        "curves": digest([np.array(curves[name]) for name in sorted(curves)]),
        "weights": weights_digest(model),
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in words what the bits depend on and is not what it was.

    >>> differences({"seed": 0, "surroundings": {"numpy": "2.0"}},
    ...             {"seed": 0, "surroundings": {"numpy": "2.1"}})
    ['numpy was 2.0, and is 2.1']
    """
    said = []
    if then.get("data") != now.get("data"):
        said.append("the data are others than then")
    if then.get("seed") != now.get("seed"):
        said.append(f"the seed was {then.get('seed')}, and is {now.get('seed')}")
    before, after = then.get("surroundings", {}), now.get("surroundings", {})
    names = [*before, *(name for name in after if name not in before)]
    changed = [name for name in names if before.get(name) != after.get(name)]
    return said + [f"{n} was {before.get(n)}, and is {after.get(n)}" for n in changed]


def agreement(first: Model, second: Model) -> tuple[str, float]:
    """Return "bits", "rounding" or "different", and the largest relative difference of weights.

    Rounding means that every curve agrees to a thousandth: weights may drift further than that.
    """
    one, two = _answering(first), _answering(second)
    if one.keys() != two.keys() or any(one[n].shape != two[n].shape for n in one):
        return "different", float("inf")
    largest = max(
        (float(np.abs(one[n] - two[n]).max() / (np.abs(one[n]).max() or 1.0)) for n in one),
        default=0.0,
    )
    a, b = first.history.curves, second.history.curves
    if weights_digest(first) == weights_digest(second) and a == b:
        return "bits", largest
    close = a.keys() == b.keys() and all(
        len(a[n]) == len(b[n]) and np.allclose(a[n], b[n], rtol=CURVES, atol=CURVES) for n in a
    )
    return ("rounding" if close else "different"), largest
