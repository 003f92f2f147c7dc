"""Small data and models that train in milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from arrays import away_from_zero


def classification(m: int = 30) -> tuple[Any, Any]:
    """Return x (m, 4) float32 and labels (m,): which of three directions a sample lies in."""
    x = away_from_zero((m, 4), seed=1, dtype="float32")
    return x, (x @ away_from_zero((4, 3), seed=2, dtype="float32")).argmax(axis=1)


def regression(m: int = 20) -> tuple[Any, Any]:
    """Return x (m, 3) float32 and values (m,)."""
    x = away_from_zero((m, 3), seed=3, dtype="float32")
    return x, x @ np.array([1.0, -2.0, 0.5], np.float32) + 0.3


def classifier(**options: Any) -> cr.Model:
    """Return an untrained model for `classification`."""
    network = cr.Sequential(cr.Dense(6), cr.Tanh(), cr.Dense(3))
    options = {"loss": cr.SoftmaxCrossEntropy(), "optimizer": cr.Adam(0.05), **options}
    return cr.Model(network, **options)


def same_bits(one: cr.Model, other: cr.Model) -> bool:
    """Say whether two models have the same parameters, bit by bit."""
    a, b = one.parameters, other.parameters
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
