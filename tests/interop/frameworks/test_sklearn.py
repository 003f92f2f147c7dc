"""scikit-learn's MLPs and scalers become models that answer alike, and go back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.frameworks import from_sklearn, prove, to_sklearn

sklearn = pytest.importorskip("sklearn")

X = np.random.default_rng(0).normal(size=(40, 4))
CLASSES = {
    "two": np.where(X[:, 0] > 0, "yes", "no"),
    "three": np.array([10, 20, 30])[np.digitize(X[:, 0], [-0.5, 0.5])],
    "flags": (X[:, :3] > 0).astype(int),
}
VALUES = {"one": X[:, 0] - X[:, 1], "many": X[:, :2] * 2}


def fitted(kind: str, y: Any, **options: Any) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    cls = MLPClassifier if kind == "classifier" else MLPRegressor
    mlp = cls(hidden_layer_sizes=(5, 3), solver="sgd", max_iter=4, random_state=0, **options)
    with pytest.warns(UserWarning, match="hasn't converged"):
        return mlp.fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("y", CLASSES.values(), ids=CLASSES)
def test_a_classifier(activation: str, y: Any) -> None:
    mlp = fitted("classifier", y, activation=activation)
    model = from_sklearn(mlp)
    proof = prove(model, X, y, "sklearn", mlp)
    assert proof.worst < 1e-12, str(proof)
    assert set(proof.gradients) == set(model.parameters)
    same = y.ndim > 1 or y.dtype.kind == "U"
    np.testing.assert_array_equal(
        model.predict(X), mlp.predict(X) if same else mlp.predict(X).astype(str)
    )


@pytest.mark.parametrize("y", VALUES.values(), ids=VALUES)
def test_a_regressor(y: Any) -> None:
    mlp = fitted("regressor", y)
    model = from_sklearn(mlp)
    proof = prove(model, X, y, "sklearn", mlp)
    assert proof.worst < 1e-12, str(proof)
    np.testing.assert_allclose(model.predict(X), mlp.predict(X), atol=1e-12)


@pytest.mark.parametrize(
    "name", ["StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer"]
)
def test_a_scaler_before_it(name: str) -> None:
    from sklearn import preprocessing
    from sklearn.pipeline import make_pipeline

    scaler = getattr(preprocessing, name)()
    pipeline = make_pipeline(scaler, fitted("regressor", VALUES["one"]))
    scaler.fit(3 * X + 1)
    if name == "Normalizer":
        with pytest.raises(cr.ConfigurationError, match="expected a fitted scaler"):
            from_sklearn(pipeline)
        return
    model = from_sklearn(pipeline)
    np.testing.assert_allclose(model.predict(X), pipeline.predict(X), atol=1e-12)
    history = model.fit(X, VALUES["one"], epochs=1, verbose=0)  # goes on with these numbers
    assert history.epochs == 1
    np.testing.assert_allclose(model.activations(X)["0"], scaler.transform(X), atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("classifier", CLASSES["two"]),
        ("classifier", CLASSES["three"]),
        ("regressor", VALUES["many"]),
    ],
)
def test_and_back(kind: str, y: Any) -> None:
    mlp = fitted(kind, y, activation="tanh")
    again = to_sklearn(from_sklearn(mlp))
    said, expected = again.predict(X), mlp.predict(X)
    np.testing.assert_array_equal(said, expected.astype(said.dtype))
    named = y.astype(str) if kind == "classifier" else y  # classes go by their names here
    assert prove(from_sklearn(mlp), X, named, "sklearn").worst < 1e-12


@pytest.mark.parametrize(
    ("network", "loss"),
    [
        (cr.Sequential(cr.Dense(3), cr.GELU(), cr.Dense(2)), cr.SquaredError()),
        (cr.Sequential(cr.Dense(3), cr.Tanh()), cr.SquaredError()),
        (cr.Sequential(cr.Dense(3), cr.Dense(2)), cr.Huber()),
    ],
)
def test_what_is_no_mlp_there(network: Any, loss: Any) -> None:
    model = cr.Model(network, loss, input_shape=(4,))
    with pytest.raises(cr.ConfigurationError, match=r"no MLP|no loss"):
        to_sklearn(model)


def test_what_is_not_fitted() -> None:
    from sklearn.neural_network import MLPRegressor

    with pytest.raises(cr.ConfigurationError, match="one that is not fitted, MLPRegressor"):
        from_sklearn(MLPRegressor())
    with pytest.raises(cr.ConfigurationError, match="expected a fitted MLP"):
        from_sklearn(3)
