"""What the estimators of any network choose where nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the sklearn extra is not installed")

from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import r2_score

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_table_as_it_comes() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    classifier = NetworkClassifier(random_state=0, max_iter=30).fit(X[::2], y[::2])
    assert [type(layer).__name__ for layer in classifier.model_.network.layers] == [
        "Standardize", "Dense", "ReLU", "Dense",
    ]  # fmt: skip
    assert classifier.score(X[1::2], y[1::2]) > 0.95


def test_numbers_on_their_own_scale() -> None:
    X, y = load_diabetes(return_X_y=True)
    weights = np.arange(len(y)) % 3
    regressor = NetworkRegressor(random_state=0, max_iter=60).fit(X, y, sample_weight=weights)
    loss = regressor.model_.loss
    assert isinstance(loss, cr.StandardizedSquaredError)
    assert loss.shift == pytest.approx(np.average(y, weights=weights))
    assert r2_score(y, regressor.predict(X)) > 0.4
    both = NetworkRegressor(random_state=0, max_iter=1).fit(X, np.stack([y, y], 1))
    assert isinstance(both.model_.loss, cr.SquaredError)  # one scale would not suit both
    alike = NetworkRegressor(random_state=0, max_iter=1).fit(X, np.ones(len(y)))
    assert isinstance(alike.model_.loss, cr.SquaredError)


@pytest.mark.parametrize(
    ("weight", "decay"), [(None, 300 / 569), (2, 300 / 1138), (9, 0.1), (0.1, 1)]
)
def test_few_rows_decay_more(weight: float | None, decay: float) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    weights = None if weight is None else np.full(len(y), weight)
    found = NetworkClassifier(max_iter=1).fit(X, y, sample_weight=weights).model_.optimizer
    assert isinstance(found, cr.AdamW)
    assert found.weight_decay == pytest.approx(decay)


def test_sparse_rows_are_not_centred() -> None:
    X = csr_array(np.eye(12))
    classifier = NetworkClassifier(max_iter=5).fit(X, np.arange(12) % 2)
    assert isinstance(classifier.model_.network.layers[0], cr.Dense)


def test_what_is_given_is_taken() -> None:
    X, y = load_diabetes(return_X_y=True)
    given = NetworkRegressor(
        cr.Dense(3), loss="huber", optimizer=cr.SGD(0.01), max_iter=1, random_state=0
    ).fit(X, y)
    assert isinstance(given.model_.loss, cr.Huber)
    assert isinstance(given.model_.optimizer, cr.SGD)
