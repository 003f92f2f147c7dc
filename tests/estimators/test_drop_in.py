"""Only the import replaced: a grid of scikit-learn's options, and what its gallery does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn import neural_network as theirs
from sklearn.compose import ColumnTransformer
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_circles,
    make_classification,
    make_moons,
    make_multilabel_classification,
)
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, QuantileTransformer, StandardScaler

from chainrule import estimators as ours

pytestmark = pytest.mark.filterwarnings("ignore")
GRID: dict[str, list[Any]] = {
    "solver": ["adam", "sgd", "sgd", "lbfgs"],
    "activation": ["relu", "tanh", "logistic", "identity"],
    "hidden_layer_sizes": [7, (7,), (6, 5), [4, 3, 4], (), np.array([5])],
    "alpha": [0.0, 1e-4, 0.1],
    "batch_size": ["auto", 1, 16, 1000],
    "learning_rate": ["constant", "invscaling", "adaptive"],
    "learning_rate_init": [0.001, 0.02],
    "power_t": [0.5, 0.2],
    "shuffle": [True, True, False],
    "tol": [1e-4, 0.05],
    "momentum": [0.9, 0.5, 0.0],
    "nesterovs_momentum": [True, False],
    "early_stopping": [False, False, True],
    "validation_fraction": [0.1, 0.3],
    "beta_1": [0.9, 0.5],
    "beta_2": [0.999, 0.9],
    "epsilon": [1e-8, 1e-4],
    "n_iter_no_change": [10, 1, np.inf],
    "max_fun": [15000, 5],
    "warm_start": [False, True],
    "verbose": [False, False, True],
}
IRIS, DIABETES = load_iris(return_X_y=True), load_diabetes(return_X_y=True)
COUNTS, LABELS = make_multilabel_classification(60, 6, n_classes=3, random_state=0)
PICK = np.random.default_rng(0).permutation(150)[:60]
WORDS = np.array(["setosa", "versicolor", "virginica"], dtype=object)
CASES: dict[str, tuple[str, Any, Any]] = {
    "three classes": ("MLPClassifier", IRIS[0][PICK], IRIS[1][PICK]),
    "words": ("MLPClassifier", IRIS[0][PICK], WORDS[IRIS[1][PICK]]),
    "two classes": ("MLPClassifier", DIABETES[0][:60], DIABETES[1][:60] > 140),
    "labels": ("MLPClassifier", COUNTS / 10, LABELS),  # beyond, scikit-learn clips the loss
    "sparse": ("MLPClassifier", csr_matrix(DIABETES[0][:60] > 0, dtype=float), IRIS[1][PICK]),
    "a number": ("MLPRegressor", DIABETES[0][:60], DIABETES[1][:60] / 100),
    "a column": ("MLPRegressor", DIABETES[0][:60], DIABETES[1][:60, None] / 100),
}


def same(one: Any, other: Any, message: str) -> None:
    np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6, err_msg=message)


def compare(number: int) -> None:
    """Draw a point of the grid, train both on it, and compare all that they have learnt."""
    rng = np.random.default_rng(number)
    options: dict[str, Any] = {}
    for name, values in GRID.items():  # most options at their defaults, as people write them
        if rng.random() < 0.4 or name == "solver":
            options[name] = values[rng.integers(len(values))]
    if options.get("early_stopping"):  # scikit-learn goes on training the best weights it keeps
        options["warm_start"] = False
    options |= {"random_state": int(rng.integers(100)), "max_iter": int(rng.integers(1, 9))}
    if options.get("batch_size") == 1:  # hundreds of updates: Adam enlarges the rounding of a 0
        options["max_iter"] = 1
    name = list(CASES)[rng.integers(len(CASES))]
    kind, X, y = CASES[name]
    said = f"{name}: {options}"
    one, other = getattr(theirs, kind)(**options), getattr(ours, kind)(**options)
    weights = rng.uniform(0.5, 2, X.shape[0]) if rng.random() < 0.3 else None
    for _ in range(2 if options.get("warm_start") else 1):
        one.fit(X, y, sample_weight=weights)
        other.fit(X, y, sample_weight=weights)
    if options["solver"] != "lbfgs":
        same(one.loss_curve_, other.loss_curve_, said)
        if rng.random() < 0.3 and not options.get("early_stopping"):
            one.partial_fit(X, y)
            other.partial_fit(X, y)
            same(one.loss_curve_, other.loss_curve_, said)
        for attribute in ("best_loss_", "best_validation_score_", "validation_scores_"):
            a, b = getattr(one, attribute), getattr(other, attribute)
            assert (a is None) == (b is None), said
            if a is not None:
                same(a, b, said)
    same(one.loss_, other.loss_, said)
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        same(a, b, said)
    for attribute in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(one, attribute) == getattr(other, attribute), (attribute, said)
    assert one.n_features_in_ == other.n_features_in_
    if kind == "MLPClassifier":
        same(one.predict_proba(X), other.predict_proba(X), said)
        assert (one.predict(X) == other.predict(X)).all(), said
        assert (one.classes_ == other.classes_).all()
    else:
        same(one.predict(X), other.predict(X), said)
        assert one.predict(X).shape == other.predict(X).shape


@pytest.mark.parametrize("block", range(4))
def test_points_of_the_grid(block: int) -> None:
    for number in range(10 * block, 10 * block + 10):
        compare(number)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_points_of_the_grid(block: int) -> None:
    for number in range(1000 + 50 * block, 1050 + 50 * block):
        compare(number)


def test_gallery_stochastic_strategies() -> None:
    """Seven schedules on scaled data, curves drawn from `loss_curve_`."""
    X, y = load_digits(return_X_y=True)
    X = MinMaxScaler().fit_transform(X[:300])
    for options in (
        {"learning_rate": "constant", "momentum": 0},
        {"learning_rate": "constant", "momentum": 0.9, "nesterovs_momentum": False},
        {"learning_rate": "invscaling", "momentum": 0.9, "nesterovs_momentum": True},
    ):
        both = [
            m.MLPClassifier(
                solver="sgd", learning_rate_init=0.2, random_state=0, verbose=0, max_iter=15,
                **options,
            ).fit(X, y[:300])
            for m in (theirs, ours)
        ]  # fmt: skip
        same(both[0].loss_curve_, both[1].loss_curve_, str(options))
        assert both[0].score(X, y[:300]) == both[1].score(X, y[:300])


def test_gallery_regularization_and_boundaries() -> None:
    """Two hidden layers by L-BFGS in a pipeline, over alphas and shapes of data."""
    for X, y in (
        make_moons(noise=0.3, random_state=0),
        make_circles(noise=0.2, factor=0.5, random_state=1),
        make_classification(n_features=2, n_redundant=0, random_state=0, n_clusters_per_class=1),
    ):
        for alpha in (0.1, 10.0):
            scores = []
            for m in (theirs, ours):
                network = m.MLPClassifier(
                    solver="lbfgs", alpha=alpha, random_state=1, max_iter=60, max_fun=80,
                    early_stopping=True, hidden_layer_sizes=[10, 10],
                )  # fmt: skip
                pipe = make_pipeline(StandardScaler(), network)
                parts = train_test_split(X, y, test_size=0.4, random_state=42)
                scores.append(pipe.fit(parts[0], parts[2]).score(parts[1], parts[3]))
            assert abs(scores[0] - scores[1]) <= 0.05  # a sample or two beside the boundary
    pytest.importorskip("matplotlib").use("Agg")
    display = DecisionBoundaryDisplay.from_estimator(pipe, X, grid_resolution=10)
    assert display.response.shape == (10, 10)


def test_gallery_weights_as_pictures() -> None:
    """A few iterations on images, and the columns of the first matrix reshaped."""
    X, y = load_digits(return_X_y=True)
    both = [
        m.MLPClassifier(
            hidden_layer_sizes=(12,), max_iter=8, alpha=1e-4, solver="sgd", random_state=1,
            learning_rate_init=0.2,
        ).fit(X[:200] / 16, y[:200])
        for m in (theirs, ours)
    ]  # fmt: skip
    pictures = [[c.reshape(8, 8) for c in model.coefs_[0].T] for model in both]
    same(pictures[0], pictures[1], "pictures")


def test_gallery_partial_dependence() -> None:
    """A table of columns of two kinds through a ColumnTransformer, then partial dependence."""
    pandas = pytest.importorskip("pandas")
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X, y = X.assign(sex=np.where(X.sex > 0, "a", "b")), (y - y.mean()) / 100
    columns = ColumnTransformer(
        [("numbers", QuantileTransformer(n_quantiles=50), ["age", "bmi", "bp"]),
         ("kinds", OneHotEncoder(), ["sex"])]
    )  # fmt: skip
    assert isinstance(X, pandas.DataFrame)
    averages = []
    for m in (theirs, ours):
        network = m.MLPRegressor(
            hidden_layer_sizes=(30, 15), learning_rate_init=0.01, early_stopping=True,
            random_state=0, max_iter=20,
        )  # fmt: skip
        pipe = make_pipeline(columns, network).fit(X, y)
        pytest.importorskip("matplotlib").use("Agg")
        display = PartialDependenceDisplay.from_estimator(
            pipe, X, ["bmi", ("age", "bp")], grid_resolution=5
        )
        averages.append(display.pd_results[0]["average"])
    same(averages[0], averages[1], "partial dependence")


def test_the_user_guide() -> None:
    """Two rows, one prediction each, probabilities, shapes of the matrices, several labels."""
    X, y = [[0.0, 0.0], [1.0, 1.0]], [0, 1]
    options = {"solver": "lbfgs", "alpha": 1e-5, "hidden_layer_sizes": (5, 2), "random_state": 1}
    one, other = (m.MLPClassifier(**options).fit(X, y) for m in (theirs, ours))
    assert repr(one) == repr(other)
    new = [[2.0, 2.0], [-1.0, -2.0]]
    assert one.predict(new).tolist() == other.predict(new).tolist() == [1, 0]
    same(one.predict_proba(new), other.predict_proba(new), "probabilities")
    same(one.predict_log_proba(new), other.predict_log_proba(new), "their logarithms")
    assert [c.shape for c in other.coefs_] == [(2, 5), (5, 2), (2, 1)]
    labels = [[0, 1], [1, 1]]
    one, other = (m.MLPClassifier(**options | {"hidden_layer_sizes": (15,)}).fit(X, labels)
                  for m in (theirs, ours))  # fmt: skip
    assert one.predict([[1.0, 2.0]]).tolist() == other.predict([[1.0, 2.0]]).tolist()


def test_parameters_defaults_and_names_are_scikit_learns() -> None:
    for kind in ("MLPClassifier", "MLPRegressor"):
        one, other = getattr(theirs, kind)(), getattr(ours, kind)()
        mine = other.get_params()
        for name, value in one.get_params().items():
            assert mine[name] == value, name
    X, y = load_breast_cancer(return_X_y=True)
    both = [m.MLPClassifier(max_iter=1, random_state=0).fit(X, y) for m in (theirs, ours)]
    learnt = [{n for n in dir(model) if n.endswith("_") and n[0] != "_"} for model in both]
    assert learnt[0] <= learnt[1]
