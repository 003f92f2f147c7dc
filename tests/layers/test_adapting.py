from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.random.default_rng(1).normal(5, [2, 30, 0.1], size=(60, 3))
y = (X[:, 0] > 5).astype(int)


def model(layer: cr.Layer, *before: cr.Layer, **options: Any) -> cr.Model:
    network = cr.Sequential(*before, layer, cr.Dense(8), cr.Tanh(), cr.Dense(2))
    return cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.05), **options)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("layer", [cr.Standardize(), cr.Normalize()], ids=repr)
def test_it_learns_from_the_training_data_alone_and_once(
    layer: cr.Layer, engine: str, tmp_path: Path
) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    m = model(layer, cr.Scale(2.0))
    outside = X + 1000.0
    m.fit(X, y, epochs=40, batch_size=20, validation_data=(outside, y), engine=engine, verbose=0)
    seen = {n: a.copy() for n, a in m.state.running["1"].items()}
    shift = 2 * (X.mean(axis=0) if layer == cr.Standardize() else X.min(axis=0))
    np.testing.assert_allclose(seen["shift"], shift, rtol=1e-4)
    assert seen["samples"] == [60]
    assert m.evaluate(X, y)["accuracy"] > 0.9
    m.fit(outside, y, engine=engine, verbose=0)
    for name, array in m.state.running["1"].items():
        np.testing.assert_array_equal(array, seen[name])
    m.save(tmp_path / "m.safetensors")
    loaded = cr.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(X), m.predict_proba(X))
    loaded.adapt(outside)
    assert loaded.state.running["1"]["shift"][0] > 1000


def test_a_feature_that_never_changes_becomes_zero() -> None:
    flat = np.full((10, 3), 7.0)
    for layer in (cr.Standardize(), cr.Normalize()):
        m = model(layer, input_shape=(3,))
        m.adapt(flat)
        Y, _ = layer.forward({}, flat, cr.Context(state=m.state.running["0"]))
        np.testing.assert_array_equal(Y, 0 * flat)


def test_steps_look_at_the_data_too() -> None:
    m = model(cr.Standardize())
    next(iter(m.steps(X, y)))
    assert m.state.running["0"]["samples"] == [60]


def test_it_must_come_before_what_is_trained() -> None:
    m = cr.Model(cr.Sequential(cr.Dense(3), cr.Standardize(), cr.Dense(2)), cr.SquaredError())
    with pytest.raises(cr.ConfigurationError, match=r"Standardize\(\) .* before Dense\(3\)"):
        m.fit(X, y, verbose=0)


def test_more_values_than_categories_are_refused_with_their_number() -> None:
    codes = np.stack([np.arange(60) % 3, np.arange(60) % 7], axis=1)
    with pytest.raises(cr.DataError, match=r"column 1 holds 7 different values.*OneHot\(7\)"):
        model(cr.OneHot(4)).fit(codes, y, verbose=0)
    model(cr.OneHot(7)).fit(codes, y, verbose=0)


def test_codes_and_numbers_may_meet_in_branches() -> None:
    both = cr.Concatenate(cr.OneHot(60), cr.Standardize())
    m = model(both)
    m.fit(X.round(), y, epochs=5, verbose=0)
    assert m.state.running["0"]["1"]["samples"] == [60]


def test_one_hot_by_hand_wants_data_first() -> None:
    with pytest.raises(cr.ConfigurationError, match="has seen no data"):
        cr.OneHot(3).forward({}, X)


@pytest.mark.parametrize("layer", [cr.Standardize(), cr.Normalize(), cr.OneHot(3)], ids=repr)
def test_a_sample_of_weight_2_is_that_sample_twice(layer: cr.layers.Layer) -> None:
    X, weights = np.array([[3.0], [1.0], [2.0], [7.0]]), np.array([2, 1, 3, 0])
    state = {name: np.full(spec.shape, 0.0) for name, spec in layer.running((1,)).items()}
    by_weight = layer.adapt(state, X, weights)
    written = layer.adapt(state, X.repeat(weights, axis=0))
    for name in set(state) - {"samples"}:
        np.testing.assert_allclose(by_weight[name], written[name])
