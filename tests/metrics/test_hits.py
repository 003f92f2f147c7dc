from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.metrics import has_accuracy, hits, scores
from chainrule.step import Data


@pytest.mark.parametrize(
    ("loss", "Z", "targets", "expected"),
    [
        (cr.SoftmaxCrossEntropy(), [[1, 2, 0], [5, 1, 1]], [1, 2], [True, False]),
        (cr.SoftmaxCrossEntropy(), [[1, 2], [5, 1]], [[0, 1], [0.4, 0.6]], [True, False]),
        (cr.SigmoidCrossEntropy(), [[0.1], [-0.6]], [[1.0], [1.0]], [True, False]),
        (cr.SigmoidCrossEntropy(), [[1, -1], [1, 1]], [[1.0, 0], [1, 0]], [True, False]),
        (cr.BinaryCrossEntropy(), [[0.6], [0.4]], [[1.0], [1.0]], [True, False]),
        (cr.SquaredError(), [[0.1, 0.9], [0.9, 0.1]], [1, 1], [True, False]),
    ],
)
def test_an_answer_is_right_or_wrong(loss: cr.Loss, Z: Any, targets: Any, expected: Any) -> None:
    Z, targets = np.array(Z, float), np.array(targets)
    assert hits(loss, Z, targets).tolist() == expected
    values = scores(loss, Z, Data(Z, targets))
    assert values["accuracy"] == 0.5
    assert values["loss"] == pytest.approx(float(loss(Z, targets)[0]))


def test_a_number_is_never_right_or_wrong() -> None:
    Z, Y = np.ones((2, 1)), np.zeros((2, 1))
    assert not has_accuracy(cr.SquaredError(), Y)
    assert list(scores(cr.SquaredError(), Z, Data(Z, Y))) == ["loss"]


def test_weights_count_in_the_loss() -> None:
    Z, Y = np.array([[1.0], [3.0]]), np.zeros((2, 1))
    weighted = scores(cr.SquaredError("sum"), Z, Data(Z, Y, np.array([3.0, 1.0])))
    assert weighted["loss"] == (3 * 1 + 1 * 9) / 4
