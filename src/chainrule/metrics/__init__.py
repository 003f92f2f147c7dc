"""Metrics: what is asked of a network's answers beside the loss.

    model.fit(x, y, validation_split=0.2, metrics=["f1", cr.metrics.Top(3)])
    model.evaluate(x_test, y_test, metrics=[cr.metrics.Recall("macro"), my_own_function])

All follow scikit-learn's definitions.
"""

from chainrule.metrics.base import Answers, Metric
from chainrule.metrics.counting import F1, Accuracy, Precision, Recall, Top, confusion_matrix
from chainrule.metrics.distance import R2, MeanAbsoluteError, RootMeanSquaredError
from chainrule.metrics.hits import has_accuracy, hits, scores
from chainrule.metrics.measuring import KNOWN, Asked, asked_metrics, compare, measure
from chainrule.metrics.ranking import AUC

__all__ = [
    "AUC",
    "F1",
    "KNOWN",
    "R2",
    "Accuracy",
    "Answers",
    "Asked",
    "MeanAbsoluteError",
    "Metric",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "Top",
    "asked_metrics",
    "compare",
    "confusion_matrix",
    "has_accuracy",
    "hits",
    "measure",
    "scores",
]
