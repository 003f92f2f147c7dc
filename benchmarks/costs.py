"""What a library costs before it has done anything: its import, and its place on the disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.rounds import Say

IMPORTS = {  # the line that a user writes before training
    "python": ("", ()),
    "numpy": ("import numpy", ("numpy",)),
    "chainrule": ("import chainrule", ("chainrule",)),
    "chainrule[xla]": ("import chainrule.engines.xla_engine", ("chainrule", "jax")),
    "PyTorch": ("import torch", ("torch",)),
    "Keras 3 on JAX": ("import keras", ("keras", "jax")),
    "Flax + Optax": ("import flax.nnx, optax", ("flax", "optax")),
    "Equinox + Optax": ("import equinox, optax", ("equinox", "optax")),
    "scikit-learn": ("import sklearn.neural_network", ("scikit-learn",)),
}


def present(names: Sequence[str]) -> list[str]:
    """Return which of `IMPORTS` can be run here."""
    return [name for name in names if all(_found(d) for d in IMPORTS[name][1])]


def import_seconds(times: int, say: Say) -> dict[str, float]:
    """Return the median over fresh processes, Python's own start taken off."""
    names = present(list(IMPORTS))
    environment = {**os.environ, **PEERS["keras"].environment}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as installed packages are
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(times + 1):
        for name in names:
            command = [sys.executable, "-c", IMPORTS[name][0]]
            started = perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            if number:  # the first fills the disk cache, and compiles
                seconds[name].append(perf_counter() - started)
    bare = median(seconds.pop("python"))
    done = {name: median(values) - bare for name, values in seconds.items()}
    say("  " + ", ".join(f"{name} {s:.2f} s" for name, s in done.items()))
    return done


def installed_bytes() -> dict[str, int]:
    """Return the size of each library's files and of all that it needs, extras left out."""
    done = {}
    for name in present([n for n in IMPORTS if n != "python"]):
        needed: dict[str, int] = {}
        for root in IMPORTS[name][1]:
            _collect(root, needed)
        done[name] = sum(needed.values())
    return done


def _found(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _collect(name: str, sizes: dict[str, int]) -> None:
    """Add a distribution and its requirements to `sizes`."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    found = _found(name)
    if key in sizes or found is None:
        return
    sizes[key] = _size(found)
    for requirement in found.requires or []:
        wanted, _, marker = requirement.partition(";")
        if _applies(marker):
            start = re.match(r"[A-Za-z0-9._-]+", wanted.strip())
            if start is not None:
                _collect(start.group(), sizes)


def _applies(marker: str) -> bool:
    """Say whether a requirement holds here without extras."""
    if not marker.strip():
        return True
    from packaging.markers import Marker

    return Marker(marker.strip()).evaluate({"extra": ""})


def _size(found: Distribution) -> int:
    """Return the bytes of a distribution's files; of its sources, where it is linked to them."""
    paths = [Path(str(found.locate_file(f))) for f in found.files or []]
    if found.metadata["Name"] == "chainrule":
        import chainrule

        paths += list(Path(chainrule.__file__).parent.rglob("*"))
    real = {p.resolve() for p in paths if p.is_file() and "__pycache__" not in p.parts}
    return sum(p.stat().st_size for p in real)


def measure(quick: bool, say: Say) -> dict[str, Any]:
    """Return both."""
    return {
        "import_seconds": import_seconds(1 if quick else 5, say),
        "installed_bytes": installed_bytes(),
    }
