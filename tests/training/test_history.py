from __future__ import annotations

import json

import pytest

import chainrule as cr
from small import classification, classifier

X, Y = classification()


def test_there_is_one_number_per_epoch_for_each_name() -> None:
    history = classifier().fit(X, Y, 4, 8, validation_split=0.2, verbose=0)
    assert list(history) == ["loss", "accuracy", "validation_loss", "validation_accuracy"]
    assert all(len(curve) == 4 for curve in history.values())
    assert history.epochs == len(history.seconds) == 4
    assert all(0 <= value <= 1 for value in history["accuracy"])
    assert history.engine.startswith("numpy")


def test_the_epochs_loss_is_the_mean_over_its_samples() -> None:
    model, twin = classifier(), classifier()
    history = model.fit(X, Y, 1, 7, verbose=0)
    steps = list(twin.steps(X, Y, 1, 7))
    mean = sum(step.loss * len(step.indices) for step in steps) / 30
    assert history["loss"][0] == pytest.approx(mean, rel=1e-6)


def test_a_history_survives_json() -> None:
    history = cr.History()
    history.add({"loss": 0.5, "accuracy": 1.0}, seconds=1.25)
    history.stopped, history.engine = "enough", "numpy"
    assert cr.History.from_config(json.loads(json.dumps(history.to_config()))) == history


def test_it_is_a_mapping() -> None:
    history = cr.History()
    assert len(history) == 0
    history.add({"loss": 0.5}, 1.0)
    history.add({"loss": 0.25}, 1.0)
    assert dict(history) == {"loss": [0.5, 0.25]}
    assert "accuracy" not in history
