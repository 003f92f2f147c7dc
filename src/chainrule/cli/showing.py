"""`--show N`: some test samples, what the network answers and how sure it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli import pictures

if TYPE_CHECKING:
    from chainrule.data import DataSet
    from chainrule.model import Model
    from chainrule.namespace import Array


def show_answers(
    model: Model, data: DataSet, y: Array, y_test: Array | None, count: int, to_stderr: bool
) -> None:
    """Print `count` samples of the test set (else of the training set) with their answers.

    They are the first ones; the last of them is the first mistake, if none is among them.
    """
    file = sys.stderr if to_stderr else sys.stdout
    x, truth = (data.x, y) if data.x_test is None or y_test is None else (data.x_test, y_test)
    answers = model.predict(x)
    chosen = np.arange(min(count, len(x)))
    if data.classes is not None:
        wrong = np.flatnonzero(answers != truth)
        if len(wrong) and wrong[0] > chosen[-1] and len(chosen) > 1:
            chosen[-1] = wrong[0]
    captions = write_captions(model, data, x[chosen], truth[chosen], answers[chosen])
    print(file=file)
    if pictures.can_be_drawn(x):
        print(pictures.gallery(x[chosen], captions), file=file)
        return
    for row, text in zip(x[chosen], captions, strict=True):
        numbers = np.asarray(row).ravel()
        more = ", …" if len(numbers) > 8 else ""
        print(f"({', '.join(f'{v:.4g}' for v in numbers[:8])}{more}) → {text}", file=file)


def write_captions(
    model: Model, data: DataSet, x: Array, truth: Array, answers: Array
) -> list[str]:
    """Return what is written under each sample."""
    if data.classes is None:
        return [f"{numbers(a)}, is {numbers(t)}" for a, t in zip(answers, truth, strict=True)]
    proba = model.predict_proba(x)
    sure = proba.max(axis=1) if proba.shape[1] > 1 else np.maximum(proba, 1 - proba)[:, 0]
    shares = sure.tolist() if model.loss.task != "regression" else [None] * len(x)
    return [
        pictures.caption(a, t, s)
        for a, t, s in zip(answers.tolist(), truth.tolist(), shares, strict=True)
    ]


def numbers(value: Any) -> str:
    """Return one number, or several, with four digits.

    >>> numbers(0.123456), numbers([1.0, 2.5])
    ('0.1235', '1, 2.5')
    """
    return ", ".join(f"{v:.4g}" for v in np.atleast_1d(value).tolist())
