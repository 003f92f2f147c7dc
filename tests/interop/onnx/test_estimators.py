"""skl2onnx's files of scikit-learn's estimators: the same answers, and trained for an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.onnx.importing import difference

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
X = np.random.default_rng(0).normal(3, 2, (90, 4)).astype("float32")
X[:, 3] = np.arange(90) % 4 // 2 + 2 * (np.arange(90) % 3 == 0)
THREE, TWO = np.arange(90) % 3, np.arange(90) % 2
NAMED, NUMBERS = np.array(["cat", "dog", "owl"])[THREE], X @ np.array([1.0, 2.0, 3.0, 4.0]) + 1


def fitted(name: str) -> Any:
    """Return an estimator or a pipeline with one, fitted."""
    from sklearn.compose import make_column_transformer
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        MaxAbsScaler,
        MinMaxScaler,
        OneHotEncoder,
        RobustScaler,
        StandardScaler,
    )

    options: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0}
    columns = make_column_transformer(
        (StandardScaler(), [0, 1]), (OneHotEncoder(handle_unknown="ignore"), [3])
    )
    return {
        "two classes": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TWO),
        "three": lambda: make_pipeline(RobustScaler(), LogisticRegression()).fit(X, THREE),
        "named": lambda: make_pipeline(PCA(3), LogisticRegression()).fit(X, NAMED),
        "descent": lambda: SGDClassifier(loss="log_loss", random_state=0).fit(X, TWO),
        "numbers": lambda: make_pipeline(MinMaxScaler(), LinearRegression()).fit(X, NUMBERS),
        "several numbers": lambda: Ridge().fit(X, np.c_[NUMBERS, -NUMBERS]),
        "MLP": lambda: make_pipeline(StandardScaler(), MLPClassifier(**options)).fit(X, NAMED),
        "MLP, two": lambda: make_pipeline(MaxAbsScaler(), MLPClassifier(**options)).fit(X, TWO),
        "MLP, numbers": lambda: MLPRegressor(**options).fit(X, NUMBERS),
        "categories": lambda: make_pipeline(columns, MLPClassifier(**options)).fit(X, THREE),
    }[name]()


NETWORKS = {
    "two classes": "Standardize(), Dense(2), Softmax()",
    "three": "Standardize(), Dense(3), Softmax()",
    "named": "Standardize(), Dense(3), Dense(3), Softmax()",
    "descent": "Dense(2), Softmax()",
    "numbers": "Standardize(), Dense(1)",
    "several numbers": "Dense(2)",
    "MLP": "Standardize(), Dense(8), ReLU(), Dense(3), Softmax()",
    "MLP, two": "Standardize(), Dense(8), ReLU(), Dense(2), Softmax()",
    "MLP, numbers": "Dense(8), ReLU(), Dense(1)",
    "categories": "Concatenate(Sequential(Slice(0, 2), Standardize()), "
    "Sequential(Slice(3, 4), OneHot(4))), Dense(8), ReLU(), Dense(3), Softmax()",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_an_estimator_is_a_network(name: str, tmp_path: Path) -> None:
    to_onnx = pytest.importorskip("skl2onnx").to_onnx
    estimator, path = fitted(name), tmp_path / "m.onnx"
    classifier = hasattr(estimator, "predict_proba")
    for zipmap in (True, False) if classifier else (None,):
        options = None if zipmap is None else {"zipmap": zipmap}
        path.write_bytes(to_onnx(estimator, X[:1], options=options).SerializeToString())
        model = cr.load_onnx(path)
        assert repr(model.network) == f"Sequential({NETWORKS[name]})"
        answers = estimator.predict(X)
        if classifier:
            assert (np.asarray(model.predict(X)) == answers.astype(model.predict(X).dtype)).all()
            expected = estimator.predict_proba(X)
        else:
            expected = answers.reshape(len(X), -1)
        np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5, rtol=1e-5)
    compared = difference(model, path)
    assert compared is not None
    assert compared[1] < 1e-4
    targets = THREE if "three" in name or name in ("named", "MLP", "categories") else TWO
    model.fit(X, NUMBERS if not classifier else targets, epochs=1, verbose=0) if name != (
        "several numbers"
    ) else model.fit(X, np.c_[NUMBERS, -NUMBERS], epochs=1, verbose=0)
