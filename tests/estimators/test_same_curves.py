"""The same initial weights and order of samples: the same curves as scikit-learn's, in float64."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn import neural_network as theirs
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification

from chainrule import estimators as ours

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:Got `batch_size`")

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
LABELS = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"solver": "sgd"},
    {"solver": "sgd", "momentum": 0.0, "shuffle": False},
    {"solver": "sgd", "momentum": 1.0, "nesterovs_momentum": False, "learning_rate_init": 1e-4},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "max_iter": 60},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.3},
    {"activation": "tanh", "batch_size": 40, "alpha": 0.1},
    {"activation": "logistic", "hidden_layer_sizes": (7, 5), "beta_1": 0.5, "epsilon": 1e-3},
    {"activation": "identity", "alpha": 0.0, "n_iter_no_change": 2, "tol": 1e-2},
    {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3},
    {"batch_size": 10_000, "hidden_layer_sizes": 4},
]


def compare(a: Any, b: Any, *data: Any, **more: Any) -> None:
    a.fit(*data, **more)
    b.fit(*data, **more)
    np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=0, atol=1e-6)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(a, name) == getattr(b, name), name
    for name in ("loss_", "best_loss_", "best_validation_score_", "validation_scores_"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None), name
        if one is not None:
            np.testing.assert_allclose(other, one, atol=1e-6)
    for one, other in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)
    np.testing.assert_allclose(b.predict(data[0]), a.predict(data[0]), atol=1e-5)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_classifiers(options: dict[str, Any]) -> None:
    options = {"max_iter": 30, "random_state": 3} | options
    compare(theirs.MLPClassifier(**options), ours.MLPClassifier(**options), *IRIS)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_regressors(options: dict[str, Any]) -> None:
    X, y = DIABETES
    options = {"max_iter": 12, "random_state": 3} | options
    compare(theirs.MLPRegressor(**options), ours.MLPRegressor(**options), X, y / 100)


@pytest.mark.parametrize("data", [(IRIS[0][:100], IRIS[1][:100]), LABELS], ids=["two", "labels"])
@pytest.mark.parametrize("stopping", [False, True])
def test_flags(data: Any, stopping: bool) -> None:
    options = {"max_iter": 20, "random_state": 0, "early_stopping": stopping, "batch_size": 30}
    compare(theirs.MLPClassifier(**options), ours.MLPClassifier(**options), *data)


def test_sample_weights_and_sparse_input() -> None:
    X, y = DIABETES
    weights = np.linspace(0.1, 2, len(y))
    options = {"max_iter": 10, "random_state": 1}
    a, b = theirs.MLPRegressor(**options), ours.MLPRegressor(**options)
    compare(a, b, csr_matrix(X * (X > 0)), y / 100, sample_weight=weights)


def test_several_outputs_differ_by_their_number() -> None:
    X, y = DIABETES
    y = np.column_stack([y, -y, y * 0]) / 100
    options = {"max_iter": 8, "random_state": 1, "alpha": 0.0}
    a, b = theirs.MLPRegressor(**options).fit(X, y), ours.MLPRegressor(**options).fit(X, y)
    np.testing.assert_allclose(np.array(b.loss_curve_) / 3, a.loss_curve_, atol=1e-6)
    np.testing.assert_allclose(b.predict(X), a.predict(X), atol=1e-6)


def test_poisson_differs_by_what_no_weight_changes() -> None:
    X, y = DIABETES
    options = {"loss": "poisson", "max_iter": 8, "random_state": 1, "batch_size": 442}
    a, b = theirs.MLPRegressor(**options).fit(X, y), ours.MLPRegressor(**options).fit(X, y)
    constant = (y * np.log(y) - y).mean()
    np.testing.assert_allclose(np.array(b.loss_curve_) + constant, a.loss_curve_, atol=1e-6)


def test_parts_and_warm_starts() -> None:
    X, y = IRIS
    options = {"max_iter": 5, "random_state": 1, "warm_start": True}
    a, b = theirs.MLPClassifier(**options), ours.MLPClassifier(**options)
    for _ in range(3):
        compare(a, b, X, y)
    options["warm_start"] = False
    a, b = theirs.MLPClassifier(**options), ours.MLPClassifier(**options)
    for part in (slice(0, 60), slice(40, 120), slice(90, 150)):
        a.partial_fit(X[part], y[part], classes=[0, 1, 2])
        b.partial_fit(X[part], y[part], classes=[0, 1, 2])
        b = pickle.loads(pickle.dumps(b))
    np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, atol=1e-9)
    np.testing.assert_allclose(b.predict_proba(X), a.predict_proba(X), atol=1e-9)
