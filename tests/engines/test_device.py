"""How programs are compiled for a device; finding devices is tested with the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("jax", reason="the xla extra is not installed")

import jax

from chainrule.engines import device, xla_engine

CPU, GPU = SimpleNamespace(platform="cpu"), SimpleNamespace(platform="gpu")


class Lowered:
    """A program that says what it was compiled with."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    def compile(self, options: dict[str, Any] | None = None) -> Any:
        if options and self.problem:
            raise jax.errors.JaxRuntimeError(self.problem)
        return options


def test_options_are_for_cpus_that_know_them() -> None:
    always = {
        "xla_cpu_copy_insertion_use_region_analysis": True,
        "xla_disable_hlo_passes": "cse_barrier_expander",
    }
    assert device.compiled(Lowered(), CPU, unrolls=True) == always
    level = {"xla_backend_optimization_level": 2}
    assert device.compiled(Lowered(), CPU, unrolls=False) == always | level
    assert device.compiled(Lowered(), GPU, unrolls=False) is None
    unknown = Lowered("INVALID_ARGUMENT: No such compile option: 'x'")
    assert device.compiled(unknown, CPU, unrolls=True) is None
    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED"):
        device.compiled(Lowered("RESOURCE_EXHAUSTED: out of memory"), CPU, unrolls=True)


def test_without_the_copies_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.sin(np.arange(600.0)).reshape(50, 12)
    network = cr.Sequential(
        cr.Dense(16), cr.ReLU(), cr.Residual(cr.Dense(16)), cr.LayerNorm(), cr.Dense(3)
    )
    weights = []
    for options in ({}, {"xla_cpu_copy_insertion_use_region_analysis": True}):
        monkeypatch.setattr(
            xla_engine, "compiled", lambda lowered, *_, o=options: lowered.compile(o)
        )
        monkeypatch.setattr(xla_engine, "PROGRAMS", {})
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.01))
        model.fit(x, np.arange(50) % 3, epochs=3, batch_size=16, engine="xla", verbose=0)
        weights.append(b"".join(p.tobytes() for p in model.parameters.values()))
    assert weights[0] == weights[1]
