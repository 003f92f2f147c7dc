"""Decide what targets are: classes, or numbers to be met."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.samples import MAX_CLASSES, Samples
from chainrule.errors import ConfigurationError, DataError

Array = NDArray[Any]

MOST_CLASSES = 20  # whole numbers of more different values than this are quantities
TASKS = ("classification", "regression")


class Targets(NamedTuple):
    """Training and test targets; y is the class's position in `classes`, or the number itself."""

    y: Array
    y_test: Array | None
    classes: tuple[str, ...] | None


def _one_hot(targets: Array) -> bool:
    return (
        targets.ndim == 2
        and targets.shape[1] > 1
        and targets.dtype.kind in "iuf"
        and bool(((targets == 0) | (targets == 1)).all() and (targets.sum(axis=1) == 1).all())
    )


def _flat(targets: Array, one_hot: bool) -> Array:
    """Return one-hot rows as their positions, and a single column as a vector."""
    if one_hot and _one_hot(targets):
        return targets.argmax(axis=1)
    return targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets


def _are_classes(targets: Array, labels: bool) -> bool:
    if targets.dtype.kind == "U":
        return True
    if targets.ndim != 1 or not (targets % 1 == 0).all():
        return False
    different = len(np.unique(targets))
    return labels or (different <= MOST_CLASSES and different <= len(targets) / 2)


def _name(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:g}" if value % 1 else str(int(value))


def _positions(targets: Array, values: Array, where: str) -> Array:
    places = np.searchsorted(values, targets)
    unknown = values[np.minimum(places, len(values) - 1)] != targets
    if unknown.any():
        label = _name(targets[unknown][0].item())
        known = ", ".join(_name(v) for v in values[:20].tolist())
        raise DataError(f'{where}: label "{label}" does not occur in training; known: {known}')
    return places.astype(np.int64)


def decide(train: Samples, test: Samples | None = None, task: str | None = None) -> Targets:
    """Return the targets as classes or as numbers.

    Classes are: texts; one-hot rows; everything from a format that says so (IDX, folders of
    images, MNIST-style CSV); whole numbers with at most 20 different values, each of them met
    twice on average (different ≤ n/2). All else is regression; `task` overrules. Classes are
    sorted (numbers by size) and taken from training and test together; only a *text* that
    occurs in the test set alone is refused, for it is most likely misspelt.

    Raises `DataError` for texts that cannot be classes, and `ConfigurationError` for a task
    that is neither "classification" nor "regression".
    """
    if task is not None and task not in TASKS:
        raise ConfigurationError(f'task: expected one of {", ".join(TASKS)}, got "{task}"')
    assert train.targets is not None
    one_hot = task != "regression" and _one_hot(train.targets)
    y = _flat(train.targets, one_hot)
    y_test = None
    if test is not None:
        assert test.targets is not None
        y_test = _flat(test.targets, one_hot)
        if (y.dtype.kind == "U") != (y_test.dtype.kind == "U") or y.shape[1:] != y_test.shape[1:]:
            raise DataError(
                f"{test.where}: its targets ({y_test.dtype}, {y_test.shape}) are not of the kind "
                f"of the training set's ({y.dtype}, {y.shape})"
            )
    if task == "regression" or (task is None and not _are_classes(y, train.labels or one_hot)):
        if y.dtype.kind == "U":
            raise DataError(f"{train.where}: regression needs numbers as targets, got texts")
        numbers = None if y_test is None else y_test.astype(np.float64)
        return Targets(y.astype(np.float64), numbers, None)
    return _as_classes(train, y, test, y_test)


def _as_classes(train: Samples, y: Array, test: Samples | None, y_test: Array | None) -> Targets:
    if y.ndim != 1:
        raise DataError(f"{train.where}: classes need targets of shape (n,), got {y.shape}")
    text = y.dtype.kind == "U"
    both = y if y_test is None or text else np.concatenate([y, y_test])
    values = np.unique(both)
    if text and len(values) == len(y) > MOST_CLASSES:
        raise DataError(
            f"{train.where}: every one of the {len(y):,} targets is another text "
            f'("{values[0]}", "{values[1]}", …): an identifier? Choose another target'
        )
    if len(values) > MAX_CLASSES:
        raise DataError(f"{train.where}: {len(values):,} classes; the limit is {MAX_CLASSES:,}")
    places = _positions(y, values, train.where)
    tested = None
    if y_test is not None and test is not None:
        tested = _positions(y_test, values, test.where)
    return Targets(places, tested, tuple(_name(v) for v in values.tolist()))
