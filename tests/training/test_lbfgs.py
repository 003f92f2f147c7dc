from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import fit_lbfgs

pytest.importorskip("scipy", reason="the scipy extra is not installed")


def moons() -> Any:
    generator = np.random.default_rng(0)
    angle = generator.uniform(0, np.pi, 120)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[60:] = [1.0, 0.5] - x[60:]
    return x + generator.normal(0, 0.05, x.shape), np.repeat([0, 1], 60)


def test_a_linear_model_ends_at_the_least_squares_solution() -> None:
    x = np.random.default_rng(1).normal(size=(50, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.3 + np.random.default_rng(2).normal(size=50)
    model = cr.Model(cr.Dense(1), cr.SquaredError(), dtype="float64")
    fit_lbfgs(model, x, y, tolerance=1e-10)
    design = np.hstack([x, np.ones((50, 1))])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(model.parameters["W"][:, 0], expected[:3], rtol=1e-7)
    np.testing.assert_allclose(model.parameters["b"], expected[3:], rtol=1e-7)


def test_it_fits_a_network_in_few_passes_and_records_them() -> None:
    x, y = moons()
    network = cr.Sequential(cr.Standardize(), cr.Dense(16), cr.Tanh(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy())
    history = fit_lbfgs(model, x, y, iterations=60)
    assert model.evaluate(x, y)["accuracy"] == 1.0
    assert history["loss"] == sorted(history["loss"], reverse=True)
    assert history.epochs == model.state.step <= 60
    assert model.parameters["1.W"].dtype == np.float32
    assert model.state.running["0"]["samples"] == [120]
    assert "SciPy" in history.engine


def test_what_is_held_fixed_stays_and_training_goes_on_afterwards() -> None:
    x, y = moons()
    network = cr.Sequential(cr.Dense(8), cr.BatchNorm(), cr.Tanh(), cr.Dense(2))
    model = cr.Model(
        network, cr.SoftmaxCrossEntropy(), trainable=["3.*", "1.*"], input_shape=(2,), seed=3
    )
    before = model.parameters["0.W"].copy()
    fit_lbfgs(model, x, y, iterations=20)
    np.testing.assert_array_equal(model.parameters["0.W"], before)
    assert abs(model.state.running["1"]["mean"]).max() > 0
    history = model.fit(x, y, engine="numpy", verbose=0)
    assert history.epochs == len(history["loss"])


def test_without_scipy_the_message_says_how_to_install_it(monkeypatch: Any) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    with pytest.raises(cr.MissingExtraError, match=r'pip install "chainrule\[scipy\]"'):
        fit_lbfgs(model, [[1.0]], [1.0])


def test_no_iterations_are_refused() -> None:
    with pytest.raises(cr.ConfigurationError, match="iterations must be at least 1, got 0"):
        fit_lbfgs(cr.Model(cr.Dense(1), cr.SquaredError()), [[1.0]], [1.0], 0)
