"""scikit-learn's own checks on all four estimators, in every configuration worth naming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import chainrule as cr
from chainrule.estimators import (
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore")
# Of a check's 15 samples a tenth is fewer than its three classes.
STOPPING: dict[str, Any] = {
    "early_stopping": True, "validation_fraction": 0.4, "n_iter_no_change": 40
}  # fmt: skip
NETWORK = cr.Sequential(cr.Dense(32), cr.Tanh())
INPUTS = cr.Sequential(cr.Standardize(), cr.Dense(32), cr.ReLU())
BATCHES = cr.Sequential(cr.Dense(32), cr.BatchNorm(), cr.ReLU())
ADAM = cr.Adam(0.01)


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
        NetworkClassifier(INPUTS, optimizer=ADAM),
        NetworkRegressor(),
        NetworkRegressor(NETWORK, optimizer=ADAM),
        NetworkRegressor(INPUTS, optimizer=ADAM),
        MLPClassifier(max_iter=100, **STOPPING),
        MLPClassifier(max_iter=100, scoring="loss", **STOPPING),
        MLPClassifier(solver="sgd", learning_rate_init=0.1, max_iter=100, **STOPPING),
        MLPRegressor(max_iter=100, **STOPPING),
        NetworkClassifier(INPUTS, optimizer=ADAM, **STOPPING),
        NetworkRegressor(NETWORK, optimizer=ADAM, **STOPPING),
    ]
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def no_function_of_rows() -> Iterator[Any]:
    """Yield checks where what is learnt is no function of the rows that count.

    A mask is another one for each row, and BatchNorm's mean is of rows, whatever they weigh; so a
    row of weight 2 is not that row twice, and that check alone is left out.
    """
    for estimator in (
        MLPClassifier(max_iter=100, dropout=0.1),
        MLPRegressor(max_iter=100, dropout=0.1),
        NetworkClassifier(BATCHES, optimizer=ADAM),
        NetworkRegressor(BATCHES, optimizer=ADAM),
    ):
        for copy, check in estimator_checks_generator(estimator):
            name = check.func.__name__
            if not name.startswith("check_sample_weight_equivalence"):
                yield pytest.param(copy, check, id=f"{type(copy).__name__}-{name}")


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(no_function_of_rows()))
def test_where_rows_are_not_all_that_counts(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([MLPClassifier(engine="xla", max_iter=50)])
def test_on_the_compiled_engine(estimator: Any, check: Any) -> None:
    pytest.importorskip("jax")
    check(estimator)
