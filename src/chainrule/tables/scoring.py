"""How good a model of a table is: metrics fit for the task, and simple baselines beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.metrics import AUC, F1, R2, MeanAbsoluteError, Recall, RootMeanSquaredError, measure
from chainrule.metrics import scores as loss_and_accuracy
from chainrule.step import Data

if TYPE_CHECKING:
    from chainrule.model import Model
    from chainrule.tables.schema import Schema
    from chainrule.tables.training import Trained

TITLES = {
    "r2": "R²", "mae": "mean absolute error", "rmse": "root mean squared error", "auc": "AUC",
    "f1_macro": "F1, mean of classes",
}  # fmt: skip
UNEVEN = 5  # the commonest class has so many times the rows of the rarest


def uneven(schema: Schema) -> bool:
    """Say whether the classes are so uneven that plain accuracy would mislead."""
    counts = schema.target.counts
    return bool(counts) and max(counts) > UNEVEN * min(counts)


def main_score(schema: Schema) -> str:
    """Return the name of the score that counts most; more is better for each of them."""
    if schema.target.classes is None:
        return "r2"
    return "balanced_accuracy" if uneven(schema) else "accuracy"


def figure(value: float) -> str:
    """Return a score as people read it.

    >>> figure(0.91932), figure(136_012.4)
    ('0.9193', '136,012')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def title(name: str) -> str:
    """Return a score's name as people write it.

    >>> title("r2"), title("balanced_accuracy")
    ('R²', 'balanced accuracy')
    """
    return TITLES.get(name, name.replace("_", " "))


def notes(trained: Trained) -> list[str]:
    """Return what to know beside the scores."""
    said = []
    if trained.balanced:
        said.append("classes are uneven and weighted alike (--class-weight none leaves them so)")
    name = main_score(trained.schema)
    linear = trained.baselines.get("linear", {})
    if trained.scores and trained.scores[name] < linear.get(name, -1e300):
        said.append("the linear baseline is better: try --layers none, fewer units, or more rows")
    return said


def score(model: Model, Z: Any, data: Data) -> dict[str, float]:
    """Return all metrics of the outputs Z."""
    assert model.targets is not None
    metrics: dict[str, Any]
    if model.targets.kind == "values":
        metrics = {"r2": R2(), "mae": MeanAbsoluteError(), "rmse": RootMeanSquaredError()}
    else:
        metrics = {"balanced_accuracy": Recall("macro"), "f1_macro": F1("macro")}
        if model.targets.outputs == 2 and len(np.unique(data.targets)) == 2:
            metrics["auc"] = AUC()
    plain = data._replace(weights=None)
    return loss_and_accuracy(model.trained_loss, Z, plain) | measure(
        metrics, model.targets, model.trained_loss, Z, plain
    )


def constant(schema: Schema, training: Data, held: Data) -> tuple[str, dict[str, float]]:
    """Return name and scores of always answering the commonest class, or the mean."""
    y = np.asarray(held.targets)
    if schema.target.classes is None:
        error = y.ravel() - schema.target.mean
        apart = ((y - y.mean()) ** 2).sum()
        return "mean", {
            "r2": float(1 - (error**2).sum() / apart) if apart else 0.0,
            "mae": float(np.abs(error).mean()),
            "rmse": float((error**2).mean() ** 0.5),
        }
    common = int(np.bincount(training.targets).argmax())
    occurring = len(np.unique(np.append(y, common)))
    return "majority", {
        "accuracy": float((y == common).mean()),
        "balanced_accuracy": float((y == common).any()) / occurring,
    }
