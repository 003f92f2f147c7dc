"""Every metric is scikit-learn's, on random answers of every kind."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.metrics import (
    AUC,
    F1,
    R2,
    Accuracy,
    Answers,
    MeanAbsoluteError,
    Precision,
    Recall,
    RootMeanSquaredError,
    Top,
    confusion_matrix,
)

oracle = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
SEEDS = range(6)


def draw(seed: int, *shape: int) -> Any:
    return cr.Normal(1.0).draw(cr.randomness.Rng(seed).at(str(shape)), shape).astype(np.float64)


def labels(seed: int, k: int, m: int = 50) -> Answers:
    """Return answers that are often right; with many classes some never occur."""
    score = np.exp(draw(seed, m, k))
    score = np.round(score / score.sum(axis=1, keepdims=True), 2)  # with ties
    truth = np.where(draw(seed, m) > 0, score.argmax(axis=1), (draw(seed, m, 1)[:, 0] > 0) * 1)
    return Answers("labels", truth.astype(np.int32), score.argmax(axis=1), score)


def flags(seed: int, k: int, m: int = 40) -> Answers:
    score = np.round(1 / (1 + np.exp(-draw(seed, m, k))), 2)
    truth = (score + 0.3 * draw(seed + 100, m, k) > 0.6).astype(np.int64)
    return Answers("flags", truth, (score > 0.5).astype(np.int64), score)


def values(seed: int, k: int, m: int = 30) -> Answers:
    truth = draw(seed, m, k)
    answer = truth + 0.3 * draw(seed + 100, m, k)
    return Answers("values", truth, answer, answer)


def flat(answers: Answers) -> tuple[Any, Any]:
    if answers.kind == "flags" and answers.truth.shape[1] == 1:
        return answers.truth[:, 0], answers.answer[:, 0]
    return answers.truth, answers.answer


CASES = [labels(s, k) for s in SEEDS for k in (2, 3, 12)]
CASES += [flags(s, k) for s in SEEDS for k in (1, 4)]


@pytest.mark.parametrize("average", ["binary", "macro", "micro", "weighted"])
@pytest.mark.parametrize(
    ("metric", "theirs"),
    [(Precision, "precision_score"), (Recall, "recall_score"), (F1, "f1_score")],
)
def test_precision_recall_and_f1(metric: Any, theirs: str, average: Any) -> None:
    for answers in CASES:
        k = answers.score.shape[1]
        two = k == (2 if answers.kind == "labels" else 1)
        if average == "binary" and not two:
            with pytest.raises(cr.ConfigurationError, match=f"for two classes, but there are {k}"):
                metric(average)(answers)
            continue
        truth, answer = flat(answers)
        if two and answers.kind == "flags" and average != "binary":
            truth, answer = answers.truth, answers.answer
            continue  # scikit-learn takes one flag as two classes; we as the one that it is
        expected = getattr(oracle, theirs)(truth, answer, average=average, zero_division=0)
        assert metric(average)(answers) == pytest.approx(expected, abs=1e-12)
        if average == ("binary" if two else "macro"):
            assert metric()(answers) == metric(average)(answers)


def test_accuracy_and_confusion() -> None:
    for answers in CASES:
        truth, answer = flat(answers)
        assert Accuracy()(answers) == pytest.approx(oracle.accuracy_score(truth, answer))
        if answers.kind == "labels":
            k = answers.score.shape[1]
            expected = oracle.confusion_matrix(truth, answer, labels=range(k))
            np.testing.assert_array_equal(confusion_matrix(truth, answer, range(k)), expected)
            np.testing.assert_array_equal(
                confusion_matrix(truth, answer), oracle.confusion_matrix(truth, answer)
            )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top(k: int) -> None:
    for seed in SEEDS:
        answers = labels(seed, 5)
        expected = oracle.top_k_accuracy_score(
            answers.truth, answers.score, k=k, labels=range(5)
        )  # fmt: skip
        assert Top(k)(answers) == pytest.approx(expected)


def test_auc() -> None:
    for seed in SEEDS:
        two = labels(seed, 2)
        assert AUC()(two) == pytest.approx(oracle.roc_auc_score(two.truth, two.score[:, 1]))
        many = labels(seed, 3)._replace(truth=np.arange(50) % 3)
        exact = many.score / many.score.sum(axis=1, keepdims=True)
        expected = oracle.roc_auc_score(many.truth, exact, multi_class="ovr")
        assert AUC()(many._replace(score=exact)) == pytest.approx(expected)
        for k in (1, 4):
            several = flags(seed, k)
            expected = oracle.roc_auc_score(several.truth, several.score)
            assert AUC()(several) == pytest.approx(expected)


def test_auc_without_both_kinds_is_not_a_number() -> None:
    answers = labels(0, 2)
    assert np.isnan(AUC()(answers._replace(truth=np.zeros(50, int))))
    three = labels(0, 3)._replace(truth=np.arange(50) % 2)  # the third never occurs
    two = [oracle.roc_auc_score(three.truth == c, three.score[:, c]) for c in (0, 1)]
    assert AUC()(three) == pytest.approx(np.mean(two))


@pytest.mark.parametrize("k", [1, 3])
def test_distances(k: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in SEEDS:
            answers = values(seed, k)
            pairs = [
                (MeanAbsoluteError(), oracle.mean_absolute_error),
                (RootMeanSquaredError(), oracle.root_mean_squared_error),
                (R2(), oracle.r2_score),
            ]
            constant = answers._replace(truth=np.ones_like(answers.truth))
            right = constant._replace(answer=constant.truth)
            for case in (answers, constant, right):
                for metric, theirs in pairs:
                    assert metric(case) == pytest.approx(theirs(case.truth, case.answer))
