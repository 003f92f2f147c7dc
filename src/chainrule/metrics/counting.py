"""Metrics that count right and wrong answers, by class: precision, recall, F1, top-k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.errors import ConfigurationError, DataError, ShapeError
from chainrule.metrics.base import Answers, Metric
from chainrule.namespace import Array

Average = Literal["auto", "binary", "macro", "micro", "weighted"]
AVERAGES = ("auto", "binary", "macro", "micro", "weighted")


def confusion_matrix(truth: Any, answers: Any, classes: Sequence[Any] | None = None) -> Array:
    """Return counts (k, k): entry (i, j) says how many of class i were answered with class j.

    `classes` are the labels in order, by default those that occur, sorted. Raises ShapeError when
    the lengths differ, DataError for a label that is not among `classes`.

    >>> confusion_matrix(["cat", "cat", "dog"], ["cat", "dog", "dog"])
    array([[1, 1],
           [0, 1]])
    """
    truth, answers = np.asarray(truth), np.asarray(answers)
    if truth.shape != answers.shape or truth.ndim != 1:
        raise ShapeError(
            f"expected one answer per sample, got truth {truth.shape} and answers {answers.shape}"
        )
    both = np.concatenate([truth, answers])
    known = np.unique(both) if classes is None else np.asarray(classes)
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, both, sorter=order), len(known) - 1)
    if len(both) and (known[order[place]] != both).any():
        stranger = both[int((known[order[place]] != both).argmax())].item()
        raise DataError(f"{stranger!r} is none of the classes {', '.join(map(str, known[:12]))}")
    index, k = order[place], len(known)
    pairs = index[: len(truth)] * k + index[len(truth) :]
    return np.bincount(pairs, minlength=k * k).reshape(k, k)


class Counts:
    """For each class (or flag): right positives, answered as positive, and truly positive."""

    def __init__(self, answers: Answers) -> None:
        if answers.kind == "labels":
            k = answers.score.shape[1]
            table = confusion_matrix(answers.truth, answers.answer, range(k))
            self.hits, self.answered, self.true = (
                np.diag(table), table.sum(axis=0), table.sum(axis=1)
            )  # fmt: skip
            self.binary = k == 2
            self.positive = 1
        else:
            truth, answer = answers.truth > 0, answers.answer > 0
            self.hits = (truth & answer).sum(axis=0)
            self.answered, self.true = answer.sum(axis=0), truth.sum(axis=0)
            self.binary = truth.shape[1] == 1
            self.positive = 0
        # As scikit-learn: a class that is neither in truth nor in the answers is not averaged.
        self.occurring = (self.answered + self.true > 0) | (answers.kind == "flags")


@dataclass(frozen=True, repr=False, eq=False)
class Averaged(Metric):
    """Base of metrics that are computed for each class and then averaged.

    "binary": of class 1 (or of the one flag) alone; "macro": the plain mean over the classes that
    occur; "weighted": weighted by how often each is true; "micro": from the counts of all
    classes together; "auto": "binary" where there are two classes, "macro" otherwise.
    """

    average: Average = "auto"
    kinds = ("labels", "flags")

    def __post_init__(self) -> None:
        if self.average not in AVERAGES:
            known = ", ".join(f'"{a}"' for a in AVERAGES)
            raise ConfigurationError(
                f"{type(self).__name__}: average must be one of {known}, got {self.average!r}"
            )

    def __call__(self, answers: Answers) -> float:
        counts = Counts(answers)
        average = self.average
        if average == "auto":
            average = "binary" if counts.binary else "macro"
        if average == "micro":
            total = (counts.hits.sum(), counts.answered.sum(), counts.true.sum())
            return float(self.of_class(*total))
        each = self.of_class(counts.hits, counts.answered, counts.true)
        if average == "binary":
            if not counts.binary:
                raise ConfigurationError(
                    f'{self!r} is for two classes, but there are {len(each)}: take "macro", '
                    f'"micro" or "weighted"'
                )
            return float(each[counts.positive])
        weights = counts.true if average == "weighted" else counts.occurring
        return float(ratio((each * weights).sum(), weights.sum()))

    def of_class(self, hits: Any, answered: Any, true: Any) -> Any:
        """Return the number of each class from its counts."""
        raise NotImplementedError


def ratio(part: Any, whole: Any) -> Any:
    """Return part / whole, and 0 where there is no whole."""
    return np.where(np.equal(whole, 0), 0.0, part / np.maximum(whole, 1e-300))


@dataclass(frozen=True, repr=False, eq=False)
class Precision(Averaged):
    """Of the samples answered with a class, how many belong to it: TP / (TP + FP).

    >>> Precision("macro").name
    'precision_macro'
    """

    def of_class(self, hits: Any, answered: Any, true: Any) -> Any:
        return ratio(hits, answered)


@dataclass(frozen=True, repr=False, eq=False)
class Recall(Averaged):
    """Of the samples that belong to a class, how many were found: TP / (TP + FN).

    >>> Recall().name
    'recall'
    """

    def of_class(self, hits: Any, answered: Any, true: Any) -> Any:
        return ratio(hits, true)


@dataclass(frozen=True, repr=False, eq=False)
class F1(Averaged):
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    >>> F1("weighted").name
    'f1_weighted'
    """

    def of_class(self, hits: Any, answered: Any, true: Any) -> Any:
        return ratio(2 * hits, answered + true)


@dataclass(frozen=True, repr=False, eq=False)
class Accuracy(Metric):
    """The share of right answers; with several flags, all of them must be right.

    >>> Accuracy().name
    'accuracy'
    """

    kinds = ("labels", "flags")

    def __call__(self, answers: Answers) -> float:
        same = answers.truth == answers.answer
        return float((same if same.ndim == 1 else same.all(axis=1)).mean())


@dataclass(frozen=True, repr=False, eq=False)
class Top(Metric):
    """The share of samples whose class is among the `k` with the highest scores.

    >>> Top(5).name
    'top_5'
    """

    k: int
    kinds = ("labels",)

    def __call__(self, answers: Answers) -> float:
        best = np.argsort(answers.score, axis=1, kind="stable")[:, ::-1][:, : self.k]
        return float((best == answers.truth[:, None]).any(axis=1).mean())
