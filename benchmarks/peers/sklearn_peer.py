"""scikit-learn's MLPClassifier: `fit`, with early stopping and regularisation off.

It has no squared error behind a sigmoid; where a workload asks for it, it trains its log loss on
the same network, which costs much the same.
"""

from __future__ import annotations

import warnings
from time import perf_counter

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.base import Epoch, Settings
from benchmarks.workloads import Array, Data, Workload


class Training:
    """A classifier that starts every `fit` from its last weights."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.data = data
        self.classifier = MLPClassifier(
            workload.sizes[1:-1],
            activation={"relu": "relu", "sigmoid": "logistic"}[workload.hidden],
            solver=workload.optimizer,
            alpha=0.0,
            batch_size=workload.batch_size,
            learning_rate_init=workload.learning_rate,
            momentum=0.0,
            nesterovs_momentum=False,
            tol=0.0,
            n_iter_no_change=1_000_000,
            warm_start=True,
            random_state=0,
        )
        classes = workload.sizes[-1]
        first = np.concatenate([np.flatnonzero(data.y == k)[:1] for k in range(classes)])
        self._fit(data.x[first].repeat(10, 0), data.y[first].repeat(10), 1)
        weights = [(W, b) for W, b in data.weights]
        if self.classifier.n_outputs_ < weights[-1][0].shape[1]:  # two classes: one output
            W, b = weights[-1]
            weights[-1] = W[:, 1:] - W[:, :1], b[1:] - b[:1]
        self.classifier.coefs_ = [W.copy() for W, _ in weights]
        self.classifier.intercepts_ = [b.copy() for _, b in weights]

    def _fit(self, x: Array, y: Array, epochs: int) -> None:
        self.classifier.max_iter = epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", UserWarning)  # the first fit is smaller than a batch
            self.classifier.fit(x, y)

    def __call__(self, epochs: int) -> list[Epoch]:
        started = perf_counter()
        self._fit(self.data.x, self.data.y, epochs)
        seconds = (perf_counter() - started) / epochs
        return [Epoch(seconds, loss) for loss in self.classifier.loss_curve_[-epochs:]]

    def predict(self, x: Array) -> Array:
        return self.classifier.predict_proba(x)


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    return {"": lambda: Training(workload, data)}
