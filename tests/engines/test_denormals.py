"""Denormal numbers count as zero in training, and nowhere else."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.denormals import Flushed, library
from small import classification

pytestmark = pytest.mark.skipif(library() is None, reason="this processor's mode is not known")
TINY, SMALL = np.full(4, 1e-38, np.float32), np.float32(0.01)


def test_they_are_zero_inside_and_kept_outside() -> None:
    assert (TINY * SMALL > 0).all()
    with Flushed():
        assert (TINY * SMALL == 0).all()
        with Flushed():
            assert (TINY * SMALL == 0).all()
        assert (TINY * SMALL == 0).all()
        assert np.float64(1e-300) * 1e-5 > 0  # what is normal stays
    assert (TINY * SMALL > 0).all()


def test_the_mode_is_put_back_after_an_error_and_is_this_threads_own() -> None:
    with pytest.raises(ZeroDivisionError), Flushed():
        raise ZeroDivisionError
    assert (TINY * SMALL > 0).all()
    kept = []
    with Flushed():
        other = threading.Thread(target=lambda: kept.append(bool((TINY * SMALL > 0).any())))
        other.start()
        other.join()
    assert np.finfo(np.float32).smallest_subnormal > 0
    assert len(kept) == 1


def epoch(size: float) -> float:
    """Return the seconds of two epochs in which every product meets numbers of this size."""
    x, y = np.random.default_rng(0).random((256, 400)), np.arange(256) % 3
    network, still = cr.Sequential(cr.Dense(256), cr.Dense(3)), cr.SGD(1e-30)
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), still, input_shape=(400,))
    model.set_parameters({"1.W": np.full((256, 3), size)})
    begun = perf_counter()
    model.fit(x, y, 2, 128, verbose=0, engine="numpy")
    return perf_counter() - begun


def test_they_do_not_slow_a_training_down() -> None:
    epoch(1e-3)
    normal, tiny = (min(epoch(size) for _ in range(3)) for size in (1e-3, 1e-40))
    assert tiny < 3 * normal  # without the mode: several hundred times


def test_both_engines_agree_on_them() -> None:
    pytest.importorskip("jax")
    x, y = classification()
    weights: list[Any] = []
    for engine in ("numpy", "xla"):
        model = cr.Model(
            cr.Dense(3), cr.SoftmaxCrossEntropy(), cr.Adam(0.1), input_shape=x.shape[1:]
        )
        model.set_parameters({"W": np.full((x.shape[1], 3), 1e-39)})
        model.fit(x, y, 1, None, verbose=0, engine=engine)
        weights.append(model.parameters["W"])
    np.testing.assert_allclose(*weights, rtol=1e-5)
