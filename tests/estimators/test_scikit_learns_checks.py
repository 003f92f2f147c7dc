"""scikit-learn's own checks on all four estimators, in every configuration worth naming."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks

import chainrule as cr
from chainrule.estimators import (
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore")
# The checks use few samples, so a larger share is held out, and by loss: accuracy has many ties.
STOPPING: dict[str, Any] = {
    "early_stopping": True, "scoring": "loss", "validation_fraction": 0.4, "n_iter_no_change": 40,
}  # fmt: skip
NETWORK = cr.Sequential(cr.Dense(32), cr.Tanh())
INPUTS = cr.Sequential(cr.Standardize(), cr.Dense(32), cr.BatchNorm(), cr.ReLU())
ADAM = cr.Adam(0.01)
BY_POSITION = "a random draw or a statistic is of rows, whatever they weigh"


def of_rows(estimator: Any) -> dict[str, str]:
    """Return the checks that no estimator passes whose rows are held out, masked or averaged."""
    draws = getattr(estimator, "early_stopping", False) or getattr(estimator, "dropout", 0)
    if not draws and getattr(estimator, "network", None) is not INPUTS:
        return {}
    kinds = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{kind}_data": BY_POSITION for kind in kinds}


@parametrize_with_checks([MLPClassifier(solver="lbfgs", max_iter=50)])
def test_one_of_them_quickly(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        MLPClassifier(max_iter=100),
        MLPClassifier(solver="sgd", learning_rate_init=0.1, max_iter=100),
        MLPClassifier(max_iter=100, class_weight="balanced", loss="log_loss"),
        MLPClassifier(activation=["tanh", cr.GELU()], hidden_layer_sizes=(30, 20), max_iter=100),
        MLPRegressor(max_iter=100),
        MLPRegressor(solver="sgd", learning_rate="adaptive", max_iter=100),
        MLPRegressor(solver="lbfgs", max_iter=50),
        MLPRegressor(loss="huber", max_iter=100),
        NetworkClassifier(),
        NetworkClassifier(NETWORK, optimizer=ADAM),
        NetworkRegressor(),
        NetworkRegressor(NETWORK, optimizer=ADAM),
    ]
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        MLPClassifier(max_iter=100, **STOPPING),
        MLPClassifier(max_iter=100, dropout=0.1),
        MLPRegressor(max_iter=100, **STOPPING),
        MLPRegressor(max_iter=100, dropout=0.1),
        NetworkClassifier(**STOPPING),
        NetworkClassifier(INPUTS, optimizer=ADAM),
        NetworkRegressor(NETWORK, optimizer=ADAM, **STOPPING),
        NetworkRegressor(INPUTS, optimizer=ADAM),
    ],
    expected_failed_checks=of_rows,
)
def test_where_samples_are_drawn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([MLPClassifier(engine="xla", max_iter=50)])
def test_on_the_compiled_engine(estimator: Any, check: Any) -> None:
    pytest.importorskip("jax")
    check(estimator)
