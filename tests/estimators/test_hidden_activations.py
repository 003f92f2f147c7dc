"""What a network computes inside, and weights that were never fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn import neural_network as theirs
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:lbfgs")
X, Y = load_iris(return_X_y=True)
FEW: dict[str, Any] = {"max_iter": 3, "random_state": 0}


def test_transform_gives_the_last_hidden_layer() -> None:
    model = MLPClassifier((8, 5), "tanh", **FEW).fit(X, Y)
    first, second, _ = model.coefs_
    expected = np.tanh(np.tanh(X @ first + model.intercepts_[0]) @ second + model.intercepts_[1])
    np.testing.assert_allclose(model.transform(X), expected)
    np.testing.assert_allclose(model.hidden_activations(X)["3"], expected)
    sparse = csr_matrix(X)
    np.testing.assert_allclose(model.transform(sparse), expected)
    assert list(model.hidden_activations(sparse)) == list(model.hidden_activations(X))
    linear = MLPClassifier((), **FEW).fit(X, Y)
    np.testing.assert_array_equal(linear.transform(sparse), X)


def test_as_a_step_of_a_pipeline_it_hands_on_features() -> None:
    pipe = make_pipeline(MLPClassifier(8, **FEW), LogisticRegression()).fit(X, Y)
    assert pipe.score(X, Y) > 0.8


@pytest.mark.parametrize("frames", ["pandas", "polars"])
def test_output_as_frames(frames: str) -> None:
    library = pytest.importorskip(frames)
    columns = ["a", "b", "c", "d"]
    table = library.DataFrame(dict(zip(columns, X.T, strict=True)))
    model = MLPClassifier(3, early_stopping=True, scoring="accuracy", **FEW)
    model.set_output(transform=frames).fit(table, Y)
    hidden = model.transform(table)
    assert isinstance(hidden, library.DataFrame)
    assert list(hidden.columns) == ["mlpclassifier0", "mlpclassifier1", "mlpclassifier2"]
    assert list(model.feature_names_in_) == columns


def test_images() -> None:
    digits = load_digits()
    images = digits.images[:400].astype(np.uint8)
    network = cr.Sequential(
        cr.Scale(1 / 16), cr.Reshape((8, 8, 1)), cr.Conv2D(4, 3), cr.ReLU(), cr.Flatten()
    )
    few = {"optimizer": cr.Adam(0.01), "max_iter": 12, "random_state": 0, "batch_size": 32}
    model = NetworkClassifier(network, **few).fit(images, digits.target[:400])
    assert model.score(images, digits.target[:400]) > 0.9
    assert model.transform(images[:3]).shape == (3, len(model.get_feature_names_out()))
    again = NetworkRegressor(network, **few).fit(images, digits.images[:400].mean(axis=(1, 2)))
    assert again.predict(images).shape == (400,)
    with pytest.raises(ValueError, match="Flatten"):
        NetworkClassifier(max_iter=1).fit(images, digits.target[:400])
    with pytest.raises(TypeError, match="dense data is required"):
        NetworkClassifier(network).fit(csr_matrix(X), Y)


@pytest.mark.parametrize(
    ("targets", "more"),
    [
        (Y, {"classes": [0, 1, 2]}),
        (np.array(["no", "yes"])[(Y > 0) * 1], {"classes": ["no", "yes"]}),
        (np.eye(3, dtype=int)[Y], {"classes": [0, 1, 2], "multilabel": True}),
    ],
    ids=["classes", "two", "labels"],
)
def test_weights_of_scikit_learn_without_fit(targets: Any, more: dict[str, Any]) -> None:
    fitted = theirs.MLPClassifier(7, **FEW).fit(X, targets)
    ours = MLPClassifier(7).set_weights(fitted.coefs_, fitted.intercepts_, **more)
    np.testing.assert_array_equal(ours.predict(X), fitted.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), fitted.predict_proba(X))
    assert ours.n_features_in_ == 4


def test_training_goes_on_from_weights_that_were_set() -> None:
    x, y = load_diabetes(return_X_y=True)
    fitted = theirs.MLPRegressor(hidden_layer_sizes=7, **FEW).fit(x, y)
    ours = MLPRegressor(hidden_layer_sizes=7, warm_start=True, learning_rate_init=0.01, **FEW)
    ours.set_weights(fitted.coefs_, fitted.intercepts_)
    np.testing.assert_allclose(ours.predict(x), fitted.predict(x))
    assert ours.fit(x, y).loss_ < fitted.loss_


def test_weights_that_do_not_fit_are_refused() -> None:
    W, b = [np.ones((4, 7)), np.ones((7, 3))], [np.ones(7), np.ones(3)]
    with pytest.raises(ValueError, match=r"layers of \[100\] units"):
        MLPClassifier().set_weights(W, b, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="2 classes do not fit 3 outputs"):
        MLPClassifier(7).set_weights(W, b, classes=[0, 1])
    with pytest.raises(AttributeError, match="set_weights"):
        MLPClassifier().coefs_ = W


def test_labels_of_many_outputs_have_activations_too() -> None:
    x, y = make_multilabel_classification(60, 5, n_classes=3, random_state=0)
    model = MLPClassifier(6, **FEW).fit(x, y)
    assert model.fit_transform(x, y).shape == (60, 6)
