from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.cross_validation import deal
from small import classification, classifier, regression

X, Y = classification()
NAMES = np.array(["cat", "dog", "owl"])


@pytest.mark.parametrize(("n", "k"), [(10, 2), (30, 5), (31, 5), (7, 7)])
@pytest.mark.parametrize("stratified", [False, True])
def test_every_sample_is_tested_once(n: int, k: int, stratified: bool) -> None:
    labels = np.arange(n) // 2 % 3 if stratified else None
    parts = deal(n, k, seed=3, labels=labels)
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    if labels is not None:
        counts = np.array([np.bincount(labels[part], minlength=3) for part in parts])
        assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_the_seed_decides() -> None:
    one, same, other = (deal(50, 5, seed=s) for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_each_fold_is_a_training_of_its_own() -> None:
    result = cr.cross_validate(
        classifier, X, NAMES[Y], folds=3, metrics=["f1"], epochs=20, batch_size=8, engine="numpy"
    )
    assert list(result.scores) == ["loss", "accuracy", "f1"]
    assert [len(values) for values in result.scores.values()] == [3, 3, 3]
    assert [history.epochs for history in result.histories] == [20, 20, 20]
    part = result.folds[1]
    rest = np.setdiff1d(np.arange(30), part)
    by_hand = classifier()
    by_hand.fit(X[rest], NAMES[Y][rest], 20, 8, verbose=0, engine="numpy")
    expected = by_hand.evaluate(X[part], NAMES[Y][part])
    assert result.scores["accuracy"][1] == expected["accuracy"]
    assert result.mean["loss"] == pytest.approx(np.mean(result.scores["loss"]))
    assert result.spread["f1"] == pytest.approx(np.std(result.scores["f1"]))
    assert str(result).splitlines()[1].startswith("accuracy  ")


def test_numbers_are_not_stratified() -> None:
    x, y = regression()
    result = cr.cross_validate(
        lambda: cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.1)), x, y, 4, epochs=5
    )
    assert list(result.scores) == ["loss"]
    expected = deal(20, 4)
    assert all(np.array_equal(a, b) for a, b in zip(result.folds, expected, strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "folds must be between 2 and the 30 samples, got 1"),
        ({"folds": 31}, "folds must be between 2"),
        ({"y": np.eye(3)[Y], "stratified": True}, "one label per sample"),
    ],
    ids=range(3),
)
def test_bad_folds_are_refused(options: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        cr.cross_validate(classifier, **{"x": X, "y": Y, **options})


def test_one_model_for_all_folds_would_have_seen_the_test() -> None:
    model = classifier()
    with pytest.raises(cr.ConfigurationError, match="new, untrained model each time"):
        cr.cross_validate(lambda: model, X, Y, 3)
