"""Can the targets be told from the samples at all? Two simple methods, each sample left out.

The nearest neighbour answers with the target of the closest other sample. The linear fit is a ridge
regression on standardised columns; leaving sample i out changes its residual from e_i to
e_i / (1 − H_ii), so one solution serves for all. Source: Allen, "The relationship between variable
selection and data augmentation", Technometrics 16 (1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from chainrule.namespace import Array

RIDGE = 0.1  # over the mean eigenvalue


@dataclass(frozen=True)
class Probe:
    """How often, or how well, each method is right, and what chance gives.

    For classes these are shares of right answers, for numbers correlations, of which chance is 0.
    """

    samples: int
    neighbour: float
    neighbour_chance: float
    linear: float
    linear_chance: float
    shares: bool

    def above(self, errors: float) -> bool:
        """Say whether either method is better than chance by so many standard errors."""
        pairs = ((self.neighbour, self.neighbour_chance), (self.linear, self.linear_chance))
        for got, chance in pairs:
            variance = chance * (1 - chance) if self.shares else 1.0
            if got > chance + errors * sqrt(variance / self.samples):
                return True
        return False

    def __str__(self) -> str:
        if not self.shares:
            return f"them with correlations of {self.neighbour:.2f} and {self.linear:.2f}"
        return (
            f"{self.neighbour:.1%} and {self.linear:.1%} (chance {self.neighbour_chance:.1%} and "
            f"{self.linear_chance:.1%})"
        )

    def numbers(self) -> dict[str, Any]:
        """Return the results as plain values."""
        return {"neighbour": self.neighbour, "linear": self.linear, "samples": self.samples}


def probe(X: Array, targets: Array, kind: str) -> Probe:
    """Return how well the targets (labels, flags or numbers) can be told from X (m, n).

    >>> x = np.linspace(0, 1, 50)[:, None]
    >>> probe(x, (x[:, 0] > 0.5).astype(int), "classes").neighbour
    1.0
    """
    m = len(X)
    spread = X.std(axis=0)
    X = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float64)
    Y = np.eye(int(targets.max()) + 1)[targets] if targets.ndim == 1 else targets.astype(float)
    products = X @ X.T
    squares = np.diag(products)
    distances = squares[:, None] + squares - 2 * products
    np.fill_diagonal(distances, np.inf)
    near = Y[distances.argmin(axis=1)]
    fitted = _left_out(products, Y)
    if kind == "values":
        return Probe(m, _correlation(Y, near), 0.0, _correlation(Y, fitted), 0.0, False)
    if Y.shape[1] > 1 and kind == "flags":  # several flags: numbers say enough
        return Probe(m, _correlation(Y, near), 0.0, _correlation(Y, fitted), 0.0, False)
    if Y.shape[1] == 1:
        truth, told, guess = Y[:, 0] > 0.5, near[:, 0] > 0.5, fitted[:, 0] > 0.5
    else:
        truth, told, guess = Y.argmax(axis=1), near.argmax(axis=1), fitted.argmax(axis=1)
    shares = np.unique(truth, return_counts=True)[1] / m
    same = float((shares**2).sum())  # two samples drawn blindly have the same class
    return Probe(
        m, float((truth == told).mean()), same, float((truth == guess).mean()),
        float(shares.max()), True,
    )  # fmt: skip


def _left_out(products: Array, Y: Array) -> Array:
    """Return what a ridge regression says to each sample when it is left out."""
    m = len(Y)
    K = products + 1.0  # with an intercept
    K = K + np.eye(m) * RIDGE * max(np.trace(K) / m, 1e-12)
    inverse = np.linalg.inv(K)
    residual = inverse @ (Y - Y.mean(axis=0)) / np.diag(inverse)[:, None]
    return Y - residual


def _correlation(Y: Array, told: Array) -> float:
    """Return the correlation of each column with what is told of it, averaged."""
    a, b = Y - Y.mean(axis=0), told - told.mean(axis=0)
    norms = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return float(((a * b).sum(axis=0) / np.where(norms > 0, norms, 1)).mean())
