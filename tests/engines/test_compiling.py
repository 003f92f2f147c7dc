"""How programs are compiled for a device; finding devices is tested with the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("jax", reason="the xla extra is not installed")

import jax

from chainrule.engines import compiling, xla_engine

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
    asked = {"xla_some_option": True}
    assert compiling.compiled(Lowered(), CPU, asked) == asked
    assert compiling.compiled(Lowered(), GPU, asked) is None
    for problem in ("No such compile option: 'x'", "'X' is not a valid enum value."):
        assert compiling.compiled(Lowered(f"INVALID_ARGUMENT: {problem}"), CPU, asked) is None
    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED"):
        compiling.compiled(Lowered("RESOURCE_EXHAUSTED: out of memory"), CPU, asked)


def test_a_function_is_compiled_with_them_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def fake(function: Any, compiler_options: Any = None, **how: Any) -> Any:
        def run(x: int) -> int:
            given.append(compiler_options)
            if x == 0:
                raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")
            if compiler_options and "unknown" in compiler_options:
                raise jax.errors.JaxRuntimeError("INVALID_ARGUMENT: No such compile option")
            return int(function(x))

        return run

    monkeypatch.setattr(compiling, "traced", fake)
    known, unknown = {"known": 1}, {"unknown": 1}
    assert compiling.traced_with(known, CPU, abs)(-2) == 2
    assert compiling.traced_with(unknown, GPU, abs)(-2) == 2
    run = compiling.traced_with(unknown, CPU, abs)
    assert [run(-2), run(-3)] == [2, 3]
    assert given == [known, None, unknown, None, None]
    with pytest.raises(jax.errors.JaxRuntimeError, match="out of memory"):
        run(0)


def test_the_network_decides() -> None:
    always, less, loops = compiling.ALWAYS, compiling.UNROLLED_LESS, compiling.SUMS_IN_LOOPS
    dense = cr.Sequential(cr.Dense(5), cr.Residual(cr.Dense(5)), cr.Dense(3))
    assert compiling.options(dense, (4,)) == always | less | loops
    text = cr.Sequential(cr.Embedding(9, 4), cr.GlobalAveragePool(), cr.Dense(3))
    assert compiling.options(text, (6,)) == always | less
    images = cr.Sequential(cr.Conv2D(2, 3), cr.Flatten(), cr.Dense(3))
    assert compiling.options(images, (6, 6, 1)) == always


def test_this_xla_knows_them_all() -> None:
    lowered = jax.jit(lambda X: X + 1).lower(1.0)
    options = compiling.ALWAYS | compiling.UNROLLED_LESS | compiling.SUMS_IN_LOOPS
    assert lowered.compile(options)(1.0) == 2


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
