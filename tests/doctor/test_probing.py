from __future__ import annotations

import numpy as np
import pytest

from chainrule.doctor.probing import _left_out, probe
from chainrule.randomness import Rng, permutation


def test_leaving_out_is_the_same_as_fitting_again_without_the_sample() -> None:
    X, Y = Rng(1).normal((12, 3)).astype(float), Rng(2).normal((12, 2)).astype(float)
    products = X @ X.T
    told = _left_out(products, Y)
    K = products + 1.0
    K = K + np.eye(12) * 0.1 * np.trace(K) / 12
    for i in range(12):
        rest = np.arange(12) != i
        centred = Y - Y.mean(axis=0)
        expected = K[i, rest] @ np.linalg.solve(K[np.ix_(rest, rest)], centred[rest])
        np.testing.assert_allclose(told[i] - Y.mean(axis=0), expected, atol=1e-9)


@pytest.mark.parametrize("kind", ["classes", "flags", "values", "several flags"])
def test_shuffled_targets_are_told_no_better_than_by_luck(kind: str) -> None:
    X = Rng(3).normal((400, 4))
    labels = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)
    targets = {
        "classes": labels,
        "flags": labels[:, None],
        "values": X[:, :1] * 2,
        "several flags": (X[:, :3] > 0).astype(float),
    }[kind]
    kind = kind.split()[-1]
    assert probe(X, targets, kind).above(6)
    assert not probe(X, targets[permutation(0, 0, 400)], kind).above(3.5)


def test_what_only_neighbours_can_tell_is_told() -> None:
    X = Rng(4).normal((400, 2))
    ring = (np.abs(np.hypot(*X.T) - 1) < 0.4).astype(int)
    found = probe(X, ring, "classes")
    assert found.neighbour > 0.85
    assert found.above(3.5)
