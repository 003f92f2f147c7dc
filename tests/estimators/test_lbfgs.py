"""solver="lbfgs": scikit-learn's iterations, stopping rules and warnings, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn import neural_network as theirs
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

from chainrule import estimators as ours

IRIS = load_iris(return_X_y=True)
FEW: dict[str, Any] = {"solver": "lbfgs", "random_state": 3, "max_iter": 12}


def compare(kind: str, options: dict[str, Any], *data: Any, **more: Any) -> None:
    a, b = (getattr(m, kind)(**FEW | options) for m in (theirs, ours))
    for estimator in (a, b):
        with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
            estimator.fit(*data, **more)
    assert a.n_iter_ == b.n_iter_ == len(b.loss_curve_)
    np.testing.assert_allclose([b.loss_, b.loss_curve_[-1]], a.loss_, atol=1e-9)
    for one, other in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activation": "tanh", "alpha": 0.1, "early_stopping": True},
        {"activation": "logistic", "hidden_layer_sizes": (7, 5)},
        {"max_fun": 9},
    ],
    ids=str,
)
def test_classifiers(options: dict[str, Any]) -> None:
    compare("MLPClassifier", options, *IRIS)


def test_flags_weights_and_sparse_input() -> None:
    X, y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    compare("MLPClassifier", {}, X, y, sample_weight=np.linspace(0.1, 2, 80))
    X, y = load_diabetes(return_X_y=True)
    compare("MLPRegressor", {}, csr_matrix(X * (X > 0)), y / 100)


@pytest.mark.filterwarnings("ignore:lbfgs")
def test_a_warm_start_goes_on_and_tol_ends_it() -> None:
    a, b = (m.MLPClassifier(**FEW | {"warm_start": True}) for m in (theirs, ours))
    for _ in range(2):
        a.fit(*IRIS)
        b.fit(*IRIS)
    np.testing.assert_allclose(b.loss_, a.loss_, atol=1e-9)
    loose = ours.MLPClassifier(**FEW | {"tol": 0.2, "max_iter": 200}).fit(*IRIS)
    reference = theirs.MLPClassifier(**FEW | {"tol": 0.2, "max_iter": 200}).fit(*IRIS)
    assert loose.n_iter_ == reference.n_iter_ < 200


@pytest.mark.filterwarnings("ignore:lbfgs")
def test_validation_data_are_judged_after_each_iteration() -> None:
    X, y = IRIS
    model = ours.MLPClassifier(**FEW).fit(X[::2], y[::2], validation_data=(X[1::2], y[1::2]))
    assert len(model.validation_loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == model.score(X[1::2], y[1::2])


@pytest.mark.parametrize("options", [{"dropout": 0.2}, {"callbacks": [1]}, {"engine": "xla"}])
def test_what_a_deterministic_search_cannot_have_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"L-BFGS|lbfgs"):
        ours.MLPClassifier(**FEW | options).fit(*IRIS)


def test_there_is_no_partial_fit() -> None:
    assert not hasattr(ours.MLPClassifier(**FEW), "partial_fit")
    assert hasattr(ours.MLPClassifier(), "partial_fit")
