"""A second start of XLA, on one thread: which steps it gets, and where it cannot be had."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.randomness import Rng
from chainrule.training.plan import Plan

pytest.importorskip("jax", reason="the xla extra is not installed")

import jax

from chainrule.engines import client, xla_engine
from chainrule.engines.xla_engine import XlaEngine


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "threads", lambda: 2)
    monkeypatch.delenv("NPROC", raising=False)


def trained(engine: XlaEngine, units: int):
    """Return the run, its state after three steps, and the samples."""
    x, y = Rng(0).normal((64, 20)), np.arange(64) % 3
    network = cr.Sequential(cr.Dense(units), cr.Tanh(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(20,))
    run = engine.bind(model.task, model._prepare(x, y))
    block = next(iter(Plan(64, 16, seed=0).blocks(0)))
    live, _ = run.chunk(run.start(model.state, [block]), block, 0, 3)
    return run, live, x


def device_of(live):
    return next(iter(live.params["0"]["W"].devices()))


@pytest.mark.usefixtures("two_threads")
def test_small_steps_run_on_one_thread_and_others_where_jax_runs() -> None:
    engine = XlaEngine("cpu")
    assert engine.narrow is not None
    own = jax.devices("cpu")[0]
    _, small, _ = trained(engine, 8)
    _, large, _ = trained(engine, 10_000)  # 240,003 parameters
    assert device_of(small) is engine.narrow.device
    assert device_of(small) is not own
    assert device_of(large) is own


@pytest.mark.usefixtures("two_threads")
def test_its_predictions_have_all_threads_and_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = XlaEngine("cpu")
    run, live, x = trained(engine, 8)
    devices = []
    predict = xla_engine.predictor()

    def noted(*arguments: Any) -> Any:
        z = predict(*arguments)
        devices.append(z.device)
        return z

    monkeypatch.setattr(xla_engine, "predictor", lambda: noted)
    z = run.outputs(live, x)
    assert devices == [jax.devices("cpu")[0]]
    expected = run.task.network.forward(run.finish(live).params, x, cr.layers.Context())[0]
    np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("two_threads")
def test_starting_it_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.one_thread_device() is not None
    assert "NPROC" not in os.environ
    monkeypatch.setenv("NPROC", "3")
    assert client.one_thread_device() is not None
    assert os.environ["NPROC"] == "3"


@pytest.mark.usefixtures("two_threads")
def test_where_jax_cannot_start_again_its_own_device_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxlib import xla_client

    monkeypatch.delattr(xla_client, "make_cpu_client")
    engine = XlaEngine("cpu")
    assert engine.narrow is None
    _, live, _ = trained(engine, 8)
    assert device_of(live) is jax.devices("cpu")[0]


def test_one_thread_needs_no_second_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "threads", lambda: 1)
    assert client.one_thread_device() is None
    monkeypatch.setattr(client, "threads", lambda: 8)
    monkeypatch.setenv("NPROC", "1")
    assert client.one_thread_device() is None


@pytest.mark.parametrize(
    ("units", "batch_size", "mebibytes", "small"),
    [
        (128, 32, 2, True),
        (128, 64, 2, False),
        (512, 8, 2, False),
        (8, 512, 2, True),
        (8, 1024, 2, False),
        (128, 32, 1, False),
        (64, 32, 1, True),
    ],
)
def test_a_step_is_small_by_its_largest_product_and_the_cache(
    units, batch_size, mebibytes, small, monkeypatch
):
    monkeypatch.setattr(client, "second_cache", lambda: mebibytes << 20)
    model = cr.Model(cr.Dense(units), cr.SquaredError(), input_shape=(784,))
    assert client.is_small(model.task, model.state, (784,), batch_size) is small


@pytest.mark.usefixtures("two_threads")
def test_programs_for_one_thread_and_for_more_have_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """JAX's cache on disk tells programs apart by name and text, not by the threads they are for.

    One that was compiled for one thread is not cut into parts; two threads would run it as slowly.
    """
    monkeypatch.setenv("NPROC", "5")
    names = []
    for narrow in (True, False):
        monkeypatch.setattr(xla_engine, "is_small", lambda *of, narrow=narrow: narrow)
        monkeypatch.setattr(xla_engine, "PROGRAMS", {})
        trained(XlaEngine("cpu"), 8)
        program: Any = next(iter(xla_engine.PROGRAMS.values()))
        names.append(program.as_text().split(",")[0].split()[1])
    assert names == ["jit_run_steps_on_1_threads", "jit_run_steps_on_5_threads"]
