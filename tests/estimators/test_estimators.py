"""What scikit-learn lacks: options of the estimators, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.datasets import load_iris

import chainrule as cr
from chainrule.estimators import (
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
X, Y = load_iris(return_X_y=True)
FEW: dict[str, Any] = {"max_iter": 40, "random_state": 0, "learning_rate_init": 0.02}


def test_a_network_of_ones_own_choice() -> None:
    model = MLPClassifier((16, 8), ["tanh", cr.GELU()], dropout=(0.1, 0.0), **FEW).fit(X, Y)
    expected = "Sequential(Dense(16), Tanh(), Dropout(0.1), Dense(8), GELU(), Dense(3))"
    assert repr(model.model_.network) == expected
    assert model.score(X, Y) > 0.9
    assert model.hidden_activations(X)["4"].shape == (150, 8)


def test_a_validation_set_of_ones_own_stops_by_the_score_asked_for() -> None:
    model = MLPClassifier(early_stopping=True, scoring="neg_log_loss", n_iter_no_change=2, **FEW)
    model.fit(X[::2], Y[::2], validation_data=(X[1::2], Y[1::2]))
    assert len(model.validation_loss_curve_) == model.n_iter_
    np.testing.assert_allclose(model.validation_scores_, -np.array(model.validation_loss_curve_))
    by_loss = MLPClassifier(early_stopping=True, scoring="loss", n_iter_no_change=2, **FEW)
    by_loss.fit(X[::2], Y[::2], validation_data=(X[1::2], Y[1::2]))
    np.testing.assert_allclose(by_loss.validation_scores_, model.validation_scores_)


def test_class_weights_are_sample_weights() -> None:
    weighted = MLPClassifier(class_weight={0: 1, 1: 2, 2: 3}, **FEW).fit(X, Y)
    same = MLPClassifier(**FEW).fit(X, Y, sample_weight=1.0 + Y)
    np.testing.assert_allclose(weighted.loss_curve_, same.loss_curve_)


def test_parts_can_be_stopped_early() -> None:
    model = MLPClassifier(early_stopping=True, **FEW)
    model.partial_fit(X, Y, classes=[0, 1, 2])  # nothing to judge by yet
    assert model.validation_scores_ is None
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1, 2], validation_data=(X, Y))
    assert len(model.validation_scores_) == 3


def test_weights_can_be_set() -> None:
    model = MLPClassifier(**FEW).fit(X, Y)
    model.coefs_ = [np.zeros_like(W) for W in model.coefs_]
    model.intercepts_ = [np.zeros(100), np.array([0.0, 5.0, 0.0])]
    assert set(model.predict(X)) == {1}


def test_callbacks_and_engine() -> None:
    class Count(cr.training.Callback):
        epochs = 0

        def on_epoch(self, training: Any) -> None:
            self.epochs += 1

    count = Count()
    model = MLPRegressor(callbacks=[count], engine="numpy", **FEW).fit(X, Y)
    assert count.epochs == model.n_iter_


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "log_cosh", cr.SquaredError("sum")])
def test_losses_for_numbers(loss: Any) -> None:
    assert MLPRegressor(loss, **FEW).fit(X, Y).score(X, Y) > 0.8


def test_input_layers_learn_from_the_samples() -> None:
    network = cr.Sequential(cr.Standardize(), cr.Dense(4), cr.Tanh())
    model = NetworkClassifier(network, max_iter=1, random_state=0).fit(1000 + X, Y)
    first = model.hidden_activations(1000 + X)["0"]
    np.testing.assert_allclose(
        [first.mean(axis=0), first.std(axis=0)], [[0.0] * 4, [1.0] * 4], atol=1e-6
    )


def test_any_network() -> None:
    network = cr.Sequential(cr.Standardize(), cr.Dense(16), cr.Tanh())
    few = {"optimizer": cr.Adam(0.02), "max_iter": 40, "random_state": 0}
    assert NetworkClassifier(network, **few).fit(X, Y).score(X, Y) > 0.9
    assert NetworkRegressor(network, **few).fit(X, Y).score(X, Y) > 0.8
    whole = cr.Sequential(cr.Dense(3))
    assert NetworkClassifier(whole, output_layer=False, **few).fit(X, Y).model_.network == whole


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"activation": "rellu"}, "relu"),
        ({"dropout": (0.1, 0.2)}, "one for each of the 1"),
        ({"dtype": "float16"}, "float32"),
        ({"loss": "log_los"}, "log_loss"),
        ({"hidden_layer_sizes": (0,)}, "must be > 0"),
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**wrong).fit(X, Y)
