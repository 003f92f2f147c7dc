from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.randomness import Rng


def masks(layer: cr.Dropout, *points: Rng) -> list[bytes]:
    X = np.ones((4, 50))
    return [layer.forward({}, X, cr.Context(True, rng))[1]["mask"].tobytes() for rng in points]


def test_the_mask_is_a_function_of_seed_step_place_and_sample() -> None:
    rows = np.arange(4, dtype=np.uint32)
    at = Rng(1, 2, rows).at("3")
    others = [
        Rng(0, 2, rows).at("3"),
        Rng(1, 3, rows).at("3"),
        Rng(1, 2, rows).at("4"),
        Rng(1, 2, rows + 4).at("3"),
    ]
    first, *rest = masks(cr.Dropout(0.5), at, at, *others)
    assert rest[0] == first
    assert first not in rest[1:]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_is_the_rate_and_the_mean_stays(rate: float) -> None:
    ctx = cr.Context(True, Rng(5, 0, np.arange(200, dtype=np.uint32)))
    Y, _ = cr.Dropout(rate).forward({}, np.ones((200, 500)), ctx)
    assert (Y == 0).mean() == pytest.approx(rate, abs=0.01)
    assert Y.mean() == pytest.approx(1, abs=0.03)
    assert set(np.unique(Y)) == {0.0, 1 / (1 - rate)}


def test_training_by_hand_without_randomness_is_refused() -> None:
    with pytest.raises(cr.ConfigurationError, match="Dropout in training draws a mask"):
        cr.Dropout().forward({}, np.ones((1, 2)), cr.Context(training=True))


@pytest.mark.parametrize("rate", [-0.1, 1, float("nan")])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(cr.ConfigurationError, match=r"Dropout: rate must be in \[0, 1\)"):
        cr.Dropout(rate)


def test_both_engines_drop_the_same() -> None:
    pytest.importorskip("jax")
    (x, y), _ = cr.data.load("digits")
    parameters = []
    for engine in ("numpy", "xla"):
        network = cr.Sequential(
            cr.Flatten(), cr.Scale(1 / 16), cr.Dense(20), cr.ReLU(), cr.Dropout(0.4), cr.Dense(10)
        )
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), seed=2, dtype="float64")
        model.fit(x, y, epochs=1, batch_size=100, engine=engine, verbose=0)
        parameters.append(model.parameters["2.W"])
    np.testing.assert_allclose(*parameters, rtol=1e-9, atol=1e-12)
