"""The compiled engine gives the numbers of the readable one; its failures are told in words."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import choice, choose
from chainrule.randomness import Rng
from chainrule.step import Data
from chainrule.stored import Mapped
from chainrule.training.plan import Plan

pytest.importorskip("jax", reason="the xla extra is not installed")

from chainrule.engines import device as device_module
from chainrule.engines import pieces, xla_engine
from chainrule.engines.mesh import Mesh


def digits():
    (x, y), _ = cr.data.load("digits")
    return x, y


def network():
    return cr.Sequential(
        cr.Scale(1 / 16),
        cr.Flatten(),
        cr.Dense(48),
        cr.ReLU(),
        cr.Dense(24),
        cr.Tanh(),
        cr.Dense(10),
    )


def vector(model):
    return np.concatenate([p.ravel() for p in model.parameters.values()])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize(
    "optimizer", [cr.SGD(0.1, momentum=0.9), cr.RMSProp(), cr.AdamW()], ids=repr
)
def test_both_engines_agree_after_100_steps_on_real_data(dtype, tolerance, optimizer):
    x, y = digits()
    vectors = []
    for engine in ("numpy", "xla"):
        model = cr.Model(network(), cr.SoftmaxCrossEntropy(), optimizer, seed=3, dtype=dtype)
        # 1437 samples in minibatches of 57: 25 full ones and a last one of 12, four times
        model.fit(x, y, epochs=4, batch_size=57, engine=engine, verbose=0)
        assert model.state.step == 104
        vectors.append(vector(model))
    ours, theirs = vectors
    assert np.linalg.norm(ours - theirs) / np.linalg.norm(ours) < tolerance


def bound(batch_size=32, **options):
    x, y = digits()
    model = cr.Model(network(), cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(8, 8), **options)
    data = model._prepare(x, y)
    run = choose("xla").engine.bind(model.task, data)
    block = next(iter(Plan(len(x), batch_size, seed=0).blocks(0)))
    return run, model.state, block


def bits(state):
    return [p.tobytes() for layer in state.params.values() for p in layer.values()]


def test_a_chunk_of_any_length_gives_the_bits_of_single_steps():
    run, state, block = bound()
    results = []
    for lengths in ([20], [1] * 20, [7, 13], [19, 1]):
        live, done, losses = run.start(state, [block]), 0, []
        for length in lengths:
            live, report = run.chunk(live, block, done, length)
            losses.append(report.losses)
            done += length
        results.append((bits(run.finish(live)), np.concatenate(losses).tobytes()))
    assert all(result == results[0] for result in results)


def test_data_that_does_not_fit_is_sent_in_pieces_with_the_same_numbers(monkeypatch):
    run, state, block = bound()
    live, report = run.chunk(run.start(state, [block]), block, 3, 30)
    monkeypatch.setattr(xla_engine, "fits", lambda data, device: False)
    monkeypatch.setattr(pieces, "BYTES_AT_ONCE", 32 * 64 * 4)  # four minibatches a piece
    streaming, *_ = bound()
    assert not streaming.resident
    live2, report2 = streaming.chunk(streaming.start(state, [block]), block, 3, 30)
    assert bits(run.finish(live)) == bits(streaming.finish(live2))
    assert report.losses.tobytes() == report2.losses.tobytes()
    assert (report.hits == report2.hits).all()


def test_a_memory_map_is_never_copied_to_the_device_whole(tmp_path):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (8, 3))
    data = Data(Mapped(x), np.zeros((8, 1), np.float32))  # what the door makes of a map
    assert not device_module.fits(data, Mesh(device_module.find_devices("")))


def test_states_come_home_as_numpy_that_no_later_step_can_change():
    run, state, block = bound()
    live = run.start(state, [block])
    home = run.finish(live)
    before = bits(home)
    run.chunk(live, block, 0, 2)
    assert isinstance(home.step, int)
    assert bits(home) == before
    assert all(isinstance(p, np.ndarray) for p in home.params["2"].values())


def test_evaluation_and_prediction_run_compiled_too():
    x, y = digits()
    model = cr.Model(network(), cr.SoftmaxCrossEntropy(), seed=1)
    model.fit(x, y, epochs=3, engine="xla", validation_split=0.2, verbose=0)
    assert model.history["validation_accuracy"][-1] > 0.8
    np.testing.assert_allclose(
        model.predict_proba(x, engine="xla"), model.predict_proba(x), rtol=1e-4, atol=1e-6
    )
    ours, theirs = model.evaluate(x, y), model.evaluate(x, y, engine="xla")
    assert ours["accuracy"] == theirs["accuracy"]
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)


def test_one_seed_gives_the_same_bits_again():
    x, y = digits()
    models = [cr.Model(network(), cr.SoftmaxCrossEntropy(), seed=5) for _ in range(2)]
    for model in models:
        model.fit(x, y, epochs=2, engine="xla", verbose=0)
    assert vector(models[0]).tobytes() == vector(models[1]).tobytes()


def test_random_bits_are_the_same_in_both_namespaces():
    import jax.numpy as jnp

    for shape in ((4, 5), (4, 2, 3)):
        ours = Rng(7, 3, np.arange(4, dtype=np.uint32)).at("0").bits(shape)
        theirs = Rng(7, jnp.int32(3), jnp.arange(4, dtype=jnp.uint32)).at("0").bits(shape)
        np.testing.assert_array_equal(ours, np.asarray(theirs))


def test_a_hook_after_every_step_is_honoured():
    x, y = digits()
    seen = []

    class Watch(cr.Callback):
        def on_step(self, training):
            seen.append((training.step, training.values["loss"]))

    model = cr.Model(network(), cr.SoftmaxCrossEntropy())
    model.fit(x, y, batch_size=100, engine="xla", callbacks=[Watch()], verbose=0)
    assert [step for step, _ in seen] == list(range(1, 16))


def test_a_loss_that_breaks_in_a_chunk_is_replayed_to_its_step_and_layer():
    x, y = digits()
    net = cr.Sequential(cr.Dense(64), cr.ReLU(), cr.Dense(10))
    model = cr.Model(net, cr.SquaredError(), cr.SGD(1e30))
    with pytest.raises(cr.DivergenceError, match=r"in epoch 1, at step 2: .*Dense.10. at .2."):
        model.fit(x.reshape(-1, 64), y, engine="xla", verbose=0)
    assert np.isfinite(vector(model)).all()


@dataclass(frozen=True)
class Modulus(cr.Layer):
    """A user's layer that calls NumPy by name."""

    def forward(self, params, X, ctx=cr.INFERENCE):
        return np.abs(X), X

    def backward(self, params, cache, dY):
        return dY * np.sign(cache), {}


def test_code_that_cannot_be_compiled_is_named_by_xla_and_runs_on_numpy_with_auto(monkeypatch):
    x, y = digits()
    net = cr.Sequential(cr.Flatten(), cr.Dense(8), Modulus(), cr.Dense(10))
    model = cr.Model(net, cr.SoftmaxCrossEntropy())
    with pytest.raises(cr.EngineError, match=r'test_xla_engine.py:\d+ \("return np.abs\(X\), X"\)'):
        model.fit(x, y, engine="xla", verbose=0)
    monkeypatch.setattr(choice, "seconds_on_xla", lambda work: 0.0)
    history = model.fit(x, y, engine="auto", verbose=0)
    assert history.engine.startswith("numpy: ")
    assert "test_xla_engine.py" in history.engine


def test_a_device_that_is_not_there_is_said_with_those_that_are():
    with pytest.raises(cr.EngineError, match=r"xla:tpu.*JAX sees: cpu"):
        choose("xla:tpu")


def test_without_jax_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(cr.MissingExtraError, match=r'pip install "chainrule\[xla\]"'):
        choose("xla")
    assert choose("auto").engine.name == "numpy"


def test_out_of_memory_is_told_in_words():
    import jax

    device = device_module.find_devices("")[0]
    with (
        pytest.raises(cr.EngineError, match=r"out of memory.*smaller batch_size"),
        device_module.failures_explained(device, x64=False),
    ):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes")


def test_compiled_programs_are_kept_and_their_time_is_told(tmp_path):
    script = (
        "import chainrule as cr, numpy as np\n"
        "x = np.ones((64, 5), 'f'); y = np.zeros(64, int)\n"
        "model = cr.Model(cr.Sequential(cr.Dense(3), cr.Tanh(), cr.Dense(2)),"
        " cr.SoftmaxCrossEntropy())\n"
        "print(model.fit(x, y, engine='xla', verbose=0).engine)\n"
        "print(model.fit(x, y, engine='xla', verbose=0).engine)\n"
    )
    import os

    environment = os.environ | {"CHAINRULE_XLA_CACHE": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    first, second = run.stdout.splitlines()
    assert "compiled in" in first
    assert second == "xla"  # nothing compiled: the process still holds the program
    assert any((tmp_path / "cache").iterdir())


def test_the_choice_follows_counts_alone():
    small = choice.Work(steps=50, batch_size=32, parameters=500, arrays=4, layers=3)
    large = choice.Work(steps=50_000, batch_size=64, parameters=5_000, arrays=6, layers=5)
    assert choose("auto", small).engine.name == "numpy"
    assert choose("auto", large).engine.name == "xla"
    assert choose("auto", large).reason == choose("auto", large).reason


def test_names_come_home_in_the_networks_order():
    x, y = digits()
    layers = [cr.Dense(8) if i % 2 else cr.Tanh() for i in range(12)]
    net = cr.Sequential(cr.Scale(1 / 16), cr.Flatten(), *layers, cr.Dense(10))
    model = cr.Model(net, cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(8, 8))
    before = list(model.parameters)
    model.fit(x[:64], y[:64], engine="xla", verbose=0)
    assert list(model.parameters) == before
    assert list(model.state.optimizer) == list(model.state.params)
