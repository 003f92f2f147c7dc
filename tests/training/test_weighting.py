from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, regression, same_bits

X, Y = classification()
NAMES = np.array(["cat", "dog", "owl"])
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


def fitted(y: Any = Y, **options: Any) -> cr.Model:
    model = classifier()
    model.fit(X, y, 2, 8, **QUIET, **options)
    return model


def test_class_weights_are_sample_weights() -> None:
    by_class = np.array([1.0, 3.0, 0.5])
    expected = fitted(sample_weight=by_class[Y])
    assert same_bits(fitted(class_weight={1: 3.0, 2: 0.5}), expected)
    named = fitted(NAMES[Y], class_weight={"dog": 3.0, "owl": 0.5})
    assert same_bits(named, expected)
    both = fitted(class_weight={1: 3.0}, sample_weight=np.where(Y == 2, 0.5, 1.0))
    assert same_bits(both, expected)
    assert not same_bits(expected, fitted())


def test_balanced_is_scikit_learns() -> None:
    weights = pytest.importorskip("sklearn.utils.class_weight", reason="no scikit-learn")
    each = weights.compute_sample_weight("balanced", Y)
    assert same_bits(fitted(class_weight="balanced"), fitted(sample_weight=each))


def test_flags_have_two_classes() -> None:
    def fit(**options: Any) -> cr.Model:
        model = cr.Model(cr.Dense(1), cr.SigmoidCrossEntropy())
        model.fit(X, Y > 0, 2, 8, **QUIET, **options)
        return model

    assert same_bits(fit(class_weight={1: 2}), fit(sample_weight=np.where(Y > 0, 2, 1)))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({3: 1.0}, 'unknown class "3"'),
        ({1: -1.0}, r"class_weight\[1\] must be a number, 0 or more"),
        ({0: 0, 1: 0, 2: 0}, "leaves every sample with weight 0"),
        ("even", 'must be a mapping or "balanced"'),
    ],
)
def test_bad_weights_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        fitted(class_weight=weights)


def test_numbers_have_no_classes() -> None:
    x, y = regression()
    with pytest.raises(cr.ConfigurationError, match="class_weight is for labels"):
        cr.Model(cr.Dense(1), cr.SquaredError()).fit(x, y, class_weight="balanced", **QUIET)
