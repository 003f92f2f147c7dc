"""Asking metrics about outputs: by object, by name, or by any function of truth and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.losses import Loss
from chainrule.metrics.base import Answers, Metric
from chainrule.metrics.counting import F1, Accuracy, Precision, Recall
from chainrule.metrics.distance import R2, MeanAbsoluteError, RootMeanSquaredError
from chainrule.metrics.ranking import AUC
from chainrule.namespace import Array
from chainrule.step import Data

Asked: TypeAlias = "str | Metric | Callable[[Any, Any], float]"
KNOWN: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Accuracy(), Precision(), Recall(), F1(), AUC(), MeanAbsoluteError(),
        RootMeanSquaredError(), R2(),
    )
}  # fmt: skip


def asked_metrics(asked: Iterable[Asked], kind: Any) -> dict[str, Any]:
    """Return the metrics by name; raise ConfigurationError for one that is unknown or out of place.

    >>> asked_metrics(["f1"], "labels")
    {'f1': F1()}
    """
    found: dict[str, Any] = {}
    if isinstance(asked, str):
        asked = [asked]
    for one in asked:
        metric: Any = one
        if isinstance(one, str):
            if one not in KNOWN:
                raise unknown_name("metric", one, KNOWN)
            metric = KNOWN[one]
        if isinstance(metric, Metric):
            if kind not in metric.kinds:
                raise ConfigurationError(
                    f"{metric!r} judges {' or '.join(metric.kinds)}, but the targets are {kind}"
                )
            found[metric.name] = metric
        elif callable(metric) and not isinstance(metric, type):
            found[str(getattr(metric, "__name__", type(metric).__name__))] = metric
        else:
            hint = f": did you mean {metric.__name__}()?" if isinstance(metric, type) else ""
            raise ConfigurationError(
                f"a metric must be a name, a Metric or a function of truth and answers, "
                f"got {metric!r}{hint}"
            )
    return found


def measure(
    metrics: Mapping[str, Any],
    targets: Any,
    loss: Loss,
    Z: Array,
    data: Data,
) -> dict[str, float]:
    """Return each metric of the outputs Z on `data`.

    `targets` says what they are and what the user calls them; a function gets truth and
    answers as the user has them, so that any of scikit-learn's fits.
    """
    if not metrics:
        return {}
    answers = compare(targets.kind, loss, Z, data.targets)
    own: tuple[Any, Any] | None = None
    values = {}
    for name, metric in metrics.items():
        if isinstance(metric, Metric):
            values[name] = metric(answers)
        else:
            own = own or (targets.named(answers.truth), targets.named(answers.answer))
            values[name] = float(metric(*own))
    return values


def compare(kind: Any, loss: Loss, Z: Array, targets: Array) -> Answers:
    """Return truth and answers of outputs Z side by side; numbers in float64."""
    score = np.asarray(loss.predictions(Z), np.float64)
    if kind == "labels":
        truth = targets if targets.ndim == 1 else targets.argmax(axis=1)
        return Answers(kind, truth, Z.argmax(axis=1), score)
    truth = np.asarray(targets, np.float64)
    if kind == "flags":
        whole = (truth > 0.5).astype(np.int64)
        return Answers(kind, whole, (loss.threshold < Z).astype(np.int64), score)
    return Answers(kind, truth, score, score)
