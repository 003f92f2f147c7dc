"""Which rows early stopping holds out, and that counting rows is the same as writing them twice."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix
from sklearn.model_selection import train_test_split

from chainrule.estimators import MLPClassifier
from chainrule.estimators.splitting import hold_out, row_keys

X = np.random.default_rng(0).random((60, 3))
Y = np.arange(60)[:, None] % 3


def content(rows: np.ndarray, counts: np.ndarray | None, X: np.ndarray) -> list[tuple[float, ...]]:
    many = rows if counts is None else rows.repeat(counts)
    return sorted(map(tuple, X[many]))


def test_without_weights_it_is_scikit_learns_draw() -> None:
    split = hold_out(X, Y, None, 0.2, True, 7)
    kept, held = train_test_split(np.arange(60), random_state=7, test_size=0.2, stratify=Y)
    np.testing.assert_array_equal(split.kept, kept)
    np.testing.assert_array_equal(split.held, held)
    assert split.kept_counts is split.held_counts is None


def test_a_weight_is_a_count_whatever_the_order() -> None:
    counts = np.arange(60) % 4
    order = np.random.default_rng(1).permutation(60)
    by_weight = hold_out(X[order], Y[order], counts[order].astype(float), 0.2, True, 7)
    many = X.repeat(counts, axis=0)
    written = hold_out(many, Y.repeat(counts, axis=0), None, 0.2, True, 7)
    for part in ("kept", "held"):
        found = content(getattr(by_weight, part), getattr(by_weight, part + "_counts"), X[order])
        assert found == content(getattr(written, part), None, many)


def test_broken_weights_leave_rows_as_they_stand_but_for_those_of_none() -> None:
    weights = np.linspace(0, 2.5, 60)
    split = hold_out(X, Y, weights, 0.2, False, 7)
    kept, held = train_test_split(np.arange(1, 60), random_state=7, test_size=0.2)
    np.testing.assert_array_equal(split.kept, kept)
    np.testing.assert_array_equal(split.held, held)


def test_keys_tell_small_whole_numbers_apart() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(-20, 21)] * 3), axis=-1).reshape(-1, 3)
    for rows in (grid, csr_matrix(grid.astype(float))):
        assert len(np.unique(row_keys(rows, np.zeros(len(grid), int)))) == len(grid)


@pytest.mark.filterwarnings("ignore")
def test_who_weighs_classes_stops_by_loss() -> None:
    model = MLPClassifier(
        (4,), early_stopping=True, class_weight={0: 1000, 1: 1e-4, 2: 1e-4}, max_iter=5,
        validation_fraction=0.3, random_state=0,
    ).fit(X, Y[:, 0])  # fmt: skip
    np.testing.assert_array_equal(
        np.negative(model.validation_scores_), model.validation_loss_curve_
    )
