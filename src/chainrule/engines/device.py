"""Devices that JAX sees: finding one, what fits on it, and its failures in plain words."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

import chainrule
from chainrule.alignment import aligned
from chainrule.engines.mesh import Mesh
from chainrule.errors import EngineError, UntraceableError
from chainrule.machine import bound, memory, threads
from chainrule.step import Data

UNTRACEABLE = (
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
)


USED_BY: list[int] = []  # processes, of which this is one or a child of one


def forked() -> bool:
    """Say whether XLA was started by another process, of which this one is a copy."""
    return bool(USED_BY) and os.getpid() not in USED_BY


def find_devices(platform: str) -> list[Any]:
    """Return the devices of a platform ("cpu", "gpu", "tpu"; empty: JAX's own choice)."""
    if threads() != bound():
        os.environ.setdefault("NPROC", str(threads()))  # XLA reads it when it starts its threads
    if forked():
        raise EngineError(
            "this process was forked from one that had used the xla engine, whose threads do not "
            'come along: start processes with multiprocessing\'s "spawn", or take engine="numpy"'
        )
    if os.getpid() not in USED_BY:
        USED_BY.append(os.getpid())
    try:
        return list(jax.devices(platform or None))
    except RuntimeError:
        here = ", ".join(sorted({device.platform for device in jax.devices()}))
        raise EngineError(
            f'engine "xla:{platform}" needs a device that is not there; JAX sees: {here}. '
            f'For an NVIDIA GPU: pip install "chainrule[cuda]"'
        ) from None


def threads_of_xla() -> str:
    """Return how many threads XLA has on this process's CPU, as it was told or finds them."""
    return os.environ.get("NPROC") or str(bound())


def fits(data: Data, mesh: Mesh) -> bool:
    """Say whether the data set may lie on each device: at most half of its memory."""
    if data.stored:
        return False
    needed = sum(a.nbytes for a in data if a is not None)
    stats = mesh.device.memory_stats() or {}
    limit = stats.get("bytes_limit")
    if limit is None:  # devices that share the host's
        needed *= mesh.copies
        limit = memory()
    return needed <= limit // 2


def on_device(data: Data, mesh: Mesh) -> Data:
    """Return the data on each device; on the CPU without XLA's own copy."""
    if mesh.device.platform == "cpu":
        data = Data(*(None if a is None else aligned(a) for a in data))
    placed: Data = mesh.put(data)
    return placed


def compile_cache() -> None:
    """Keep compiled programs on disk between runs, unless the user has arranged it already."""
    config: Any = jax.config
    if config.jax_compilation_cache_dir is None:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(os.environ.get("CHAINRULE_XLA_CACHE") or Path(base) / "chainrule" / "xla")
        config.update("jax_compilation_cache_dir", str(folder))
        config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@contextmanager
def failures_explained(device: Any, x64: bool) -> Iterator[None]:
    """Run JAX code on `device` in the working precision; turn its failures into EngineErrors."""
    try:
        with jax.enable_x64(x64), jax.default_device(device):
            yield
    except UNTRACEABLE:
        raise UntraceableError(
            f"{culprit()} cannot be compiled: it uses np. or branches on values. Use "
            f"xp = array_namespace(X) and xp.where, or engine='numpy'"
        ) from None
    except jax.errors.JaxRuntimeError as error:
        first = str(error).splitlines()[0]
        if "RESOURCE_EXHAUSTED" not in first and "out of memory" not in first.lower():
            raise
        raise EngineError(
            f"{device.device_kind} is out of memory ({first}): take a smaller batch_size or network"
        ) from None


def culprit() -> str:
    """Return file, line and text of the code outside JAX and chainrule that is being traced."""
    library = str(Path(chainrule.__file__).parent)
    packages = (str(Path(jax.__file__).parent), str(Path(np.__file__).parent), library)
    frames = traceback.extract_tb(sys.exc_info()[2])
    own = [f for f in frames if not f.filename.startswith(packages) and f.filename[0] != "<"]
    if not own:
        return "this network"
    return f'{own[-1].filename}:{own[-1].lineno} ("{own[-1].line}")'
