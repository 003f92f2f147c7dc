"""Metrics in `fit` and `evaluate`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import metrics
from chainrule.metrics import KNOWN, asked_metrics, confusion_matrix
from small import classification, classifier, regression

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}
NAMES = np.array(["cat", "dog", "owl"])


def mistakes(truth: Any, answers: Any) -> float:
    return float((truth != answers).sum())


def test_metrics_are_curves_of_the_validation() -> None:
    model = classifier()
    asked = ["f1", metrics.Top(2), metrics.Recall("micro"), mistakes]
    history = model.fit(X, Y, 3, 8, validation_data=(X, Y), metrics=asked, **QUIET)
    assert list(history) == [
        "loss", "accuracy", "validation_loss", "validation_accuracy", "validation_f1",
        "validation_top_2", "validation_recall_micro", "validation_mistakes",
    ]  # fmt: skip
    assert all(len(curve) == 3 for curve in history.values())
    now = model.evaluate(X, Y, metrics=asked)
    for name, value in now.items():
        assert history[f"validation_{name}"][-1] == pytest.approx(value)
    assert now["mistakes"] == (model.predict(X) != Y).sum()
    assert now["recall_micro"] == pytest.approx(now["accuracy"])


def test_without_validation_they_are_of_the_training_data_after_the_epoch() -> None:
    model = classifier()
    history = model.fit(X, Y, 2, 8, metrics=["auc"], **QUIET)
    assert list(history) == ["loss", "accuracy", "auc"]
    assert history["auc"][-1] == pytest.approx(model.evaluate(X, Y, metrics=["auc"])["auc"])


def test_a_function_gets_the_users_own_names() -> None:
    seen: list[Any] = []

    def look(truth: Any, answers: Any) -> float:
        seen.append((truth, answers))
        return 0.0

    model = classifier()
    model.fit(X, NAMES[Y], 1, 8, metrics=[look], **QUIET)
    truth, answers = seen[-1]
    np.testing.assert_array_equal(truth, NAMES[Y])
    np.testing.assert_array_equal(answers, model.predict(X))


def test_flags_and_values_have_the_shape_that_y_had() -> None:
    def shape(truth: Any, answers: Any) -> float:
        assert truth.shape == answers.shape == (len(truth),)
        return float(truth.ndim)

    yes = cr.Model(cr.Dense(1), cr.SigmoidCrossEntropy())
    history = yes.fit(X, Y > 0, 2, metrics=["precision", "auc", shape], **QUIET)
    assert history["shape"] == [1.0, 1.0]
    x, y = regression()
    history = cr.Model(cr.Dense(1), cr.SquaredError()).fit(
        x, y, 2, metrics=["r2", "mean_absolute_error", "root_mean_squared_error", shape], **QUIET
    )
    assert history["root_mean_squared_error"][0] > history["mean_absolute_error"][0]


def test_a_metric_can_stop_the_training() -> None:
    stopping = cr.EarlyStopping("validation_f1", patience=2, min_delta=10)
    history = classifier().fit(
        X, Y, 9, validation_data=(X, Y), metrics=["f1"], callbacks=[stopping], **QUIET
    )
    assert history.stopped == (
        "validation_f1 has not improved for 2 epochs; the weights are those of epoch 1"
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["f_1"], 'unknown metric "f_1": did you mean "f1"'),
        (["r2"], r"R2\(\) judges values, but the targets are labels"),
        ([metrics.F1], r"did you mean F1\(\)\?"),
        ([3], "a metric must be a name, a Metric or a function"),
        ([metrics.F1("binary")], "is for two classes, but there are 3"),
    ],
)
def test_what_cannot_be_measured_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        classifier().fit(X, Y, metrics=asked, **QUIET)


def test_averages_are_checked() -> None:
    with pytest.raises(cr.ConfigurationError, match='average must be one of "auto"'):
        metrics.Precision("mean")  # type: ignore[arg-type]


def test_names_are_those_of_the_table() -> None:
    assert asked_metrics("f1", "labels") == {"f1": metrics.F1()}
    assert list(KNOWN) == [
        "accuracy", "precision", "recall", "f1", "auc", "mean_absolute_error",
        "root_mean_squared_error", "r2",
    ]  # fmt: skip


def test_a_confusion_matrix_takes_names_in_any_order() -> None:
    truth, answers = NAMES[[0, 0, 2, 1]], NAMES[[0, 1, 2, 2]]
    table = confusion_matrix(truth, answers, ["owl", "cat", "dog"])
    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    with pytest.raises(cr.DataError, match="'owl' is none of the classes cat, dog"):
        confusion_matrix(truth, answers, ["cat", "dog"])
    with pytest.raises(cr.ShapeError, match="expected one answer per sample"):
        confusion_matrix(truth, answers[:2])
