"""Life among scikit-learn's tools: searches, calibration, ensembles, metadata, pickles, pages."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
X, Y = load_iris(return_X_y=True)
FEW: dict[str, Any] = {"max_iter": 25, "random_state": 0, "learning_rate_init": 0.03}
SMALL = MLPClassifier(12, **FEW)
NETWORK = cr.Sequential(cr.Standardize(), cr.Dense(8), cr.Tanh())


def test_searches() -> None:
    pipe = make_pipeline(StandardScaler(), SMALL)
    grid = {"mlpclassifier__dropout": [0.0, 0.2], "mlpclassifier__activation": ["tanh", cr.GELU()]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X, Y)
    assert search.best_score_ > 0.9
    networks = {"network": [NETWORK, cr.Sequential(cr.Dense(3), cr.ReLU())]}
    few = NetworkClassifier(optimizer=cr.Adam(0.03), max_iter=25, random_state=0)
    random = RandomizedSearchCV(few, networks, n_iter=2, cv=2, random_state=0).fit(X, Y)
    assert random.best_score_ > 0.8


def test_cross_validation() -> None:
    pipe = make_pipeline(StandardScaler(), SMALL)
    assert cross_val_score(pipe, X, Y, cv=2, scoring="neg_log_loss").mean() > -0.5
    assert cross_val_predict(pipe, X, Y, cv=2, method="predict_proba").shape == (150, 3)
    found = cross_validate(pipe, X, Y, cv=2, scoring=["accuracy", "roc_auc_ovr"])
    assert found["test_roc_auc_ovr"].mean() > 0.9


@pytest.mark.parametrize(
    "wrapped",
    [
        CalibratedClassifierCV(SMALL, cv=2),
        CalibratedClassifierCV(SMALL, cv=2, method="isotonic", ensemble=False),
        VotingClassifier(
            [("net", SMALL), ("line", LogisticRegression(max_iter=500))], voting="soft"
        ),
        StackingClassifier([("net", SMALL)], LogisticRegression(), cv=2),
        OneVsRestClassifier(SMALL),
    ],
    ids=lambda wrapped: type(wrapped).__name__,
)
def test_inside_other_classifiers(wrapped: Any) -> None:
    assert make_pipeline(StandardScaler(), wrapped).fit(X, Y).score(X, Y) > 0.85


def test_inside_other_estimators() -> None:
    x, y = load_diabetes(return_X_y=True)
    few = MLPRegressor(hidden_layer_sizes=12, **FEW | {"max_iter": 80})
    scaled = TransformedTargetRegressor(few, transformer=StandardScaler())
    assert scaled.fit(x, y).score(x, y) > 0.3
    bag = BaggingRegressor(few, n_estimators=2, random_state=0).fit(x, y / 100)
    assert bag.predict(x).shape == (442,)
    both = MultiOutputClassifier(SMALL).fit(X, np.column_stack([Y, Y > 1]))
    assert both.predict(X).shape == (150, 2)
    few_labels = np.where(np.arange(150) % 5, -1, Y)
    assert SelfTrainingClassifier(SMALL).fit(X, few_labels).score(X, Y) > 0.7
    importance = permutation_importance(SMALL.fit(X, Y), X, Y, n_repeats=2, random_state=0)
    assert importance.importances_mean.argmax() in (2, 3)


@config_context(enable_metadata_routing=True)
def test_sample_weights_are_routed() -> None:
    weights = np.where(Y == 1, 0.0, 1.0)  # nothing is learnt about class 1
    asked = clone(SMALL).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    pipe = make_pipeline(scaler, asked).fit(X, Y, sample_weight=weights)
    assert not (pipe.predict(X) == 1).any()
    assert pipe.score(X, Y, sample_weight=weights) > 0.9
    search = GridSearchCV(asked, {"alpha": [1e-4, 1e-2]}, cv=2).fit(X, Y, sample_weight=weights)
    assert not (search.predict(X) == 1).any()
    parts = clone(SMALL).set_partial_fit_request(classes=True, sample_weight=True)
    request = parts.get_metadata_routing()
    assert request.consumes("partial_fit", ["classes", "sample_weight"]) == {
        "classes", "sample_weight",
    }  # fmt: skip
    held = clone(SMALL).set_fit_request(validation_data=True)
    fitted = make_pipeline(held).fit(X, Y, validation_data=(X, Y))
    assert len(fitted[-1].validation_loss_curve_) == 25


@pytest.mark.parametrize(
    "estimator",
    [
        SMALL,
        MLPRegressor(hidden_layer_sizes=4, **FEW, early_stopping=True),
        NetworkClassifier(NETWORK, max_iter=3, random_state=0),
        NetworkRegressor(NETWORK, max_iter=3, random_state=0, optimizer=cr.Averaged(cr.Adam())),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_copies_pickles_and_pages(estimator: Any) -> None:
    assert repr(clone(estimator)) == repr(estimator)
    assert type(estimator).__name__ in estimator._repr_html_()
    fitted = clone(estimator).fit(X, Y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    parts = [model.partial_fit(X, Y).predict(X) for model in (again, fitted)]
    np.testing.assert_array_equal(*parts)
    assert "fitted" in fitted._repr_html_()
