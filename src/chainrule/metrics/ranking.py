"""Metrics of the order that the scores put samples in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.metrics.base import Answers, Metric
from chainrule.namespace import Array


def area(truth: Array, score: Array) -> float:
    """Return the probability that a positive sample scores higher than a negative one.

    Ties count half. NaN when there are not both kinds.

    >>> area(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    1.0
    """
    positive = truth > 0
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of equal scores
    total = rank[place.ravel()][positive].sum()
    return float((total - ones * (ones + 1) / 2) / (ones * zeros))


@dataclass(frozen=True, repr=False, eq=False)
class AUC(Metric):
    """The area under the ROC curve: how surely a positive scores above a negative.

    With more than two classes, each against the rest, and the plain mean; a class that does
    not occur is left out. Source: Hanley and McNeil, Radiology 143 (1982).

    >>> AUC().name
    'auc'
    """

    kinds = ("labels", "flags")

    def __call__(self, answers: Answers) -> float:
        score, k = answers.score, answers.score.shape[1]
        if answers.kind == "flags":
            areas = [area(answers.truth[:, i], score[:, i]) for i in range(k)]
        elif k == 2:
            return area(answers.truth == 1, score[:, 1])
        else:
            areas = [area(answers.truth == i, score[:, i]) for i in range(k)]
        known = [a for a in areas if a == a]
        return sum(known) / len(known) if known else float("nan")
