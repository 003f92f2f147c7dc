"""Metrics of numbers: how far the answers are from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.metrics.base import Answers, Metric


@dataclass(frozen=True, repr=False, eq=False)
class MeanAbsoluteError(Metric):
    """mean |answer − truth|, over samples and outputs.

    >>> MeanAbsoluteError().name
    'mean_absolute_error'
    """

    kinds = ("values",)

    def __call__(self, answers: Answers) -> float:
        return float(np.abs(answers.answer - answers.truth).mean())


@dataclass(frozen=True, repr=False, eq=False)
class RootMeanSquaredError(Metric):
    """√ mean (answer − truth)², of each output, and then their mean.

    >>> RootMeanSquaredError().name
    'root_mean_squared_error'
    """

    kinds = ("values",)

    def __call__(self, answers: Answers) -> float:
        return float(np.sqrt(((answers.answer - answers.truth) ** 2).mean(axis=0)).mean())


@dataclass(frozen=True, repr=False, eq=False)
class R2(Metric):
    """R² = 1 − Σ (answer − truth)² / Σ (mean truth − truth)², the mean over the outputs.

    1 is perfect, 0 as good as always answering the mean. Where the truth does not vary it is 1 for
    perfect answers and 0 otherwise.

    >>> R2().name
    'r2'
    """

    kinds = ("values",)

    def __call__(self, answers: Answers) -> float:
        residual = ((answers.answer - answers.truth) ** 2).sum(axis=0)
        spread = ((answers.truth - answers.truth.mean(axis=0)) ** 2).sum(axis=0)
        constant = np.where(residual == 0, 1.0, 0.0)
        share = residual / np.where(spread == 0, 1.0, spread)
        return float(np.where(spread == 0, constant, 1 - share).mean())
