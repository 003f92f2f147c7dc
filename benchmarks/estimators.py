"""`python -m benchmarks.estimators`: chainrule's MLP and scikit-learn's own, side by side.

Default parameters, both in this process, in turn; the median of the ratios. "first" is the first
fit of the process, with all that is compiled; `max_iter` is lowered where a set is large.
"""

from __future__ import annotations

import warnings
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from sklearn import datasets, neural_network

from chainrule import estimators


def seconds(estimator: Any, X: Any, y: Any) -> float:
    started = perf_counter()
    estimator.fit(X, y)
    return perf_counter() - started


def compare(name: str, X: Any, y: Any, rounds: int, **options: Any) -> None:
    pairs = []
    for seed in range(rounds):
        both = estimators.MLPClassifier, neural_network.MLPClassifier
        models = [kind(random_state=seed, **options) for kind in both]
        pairs.append([seconds(model, X, y) for model in models])
    first = pairs[0][1] / pairs[0][0]
    later = median(theirs / ours for ours, theirs in pairs[1:])
    ours, theirs = (median(column) for column in zip(*pairs[1:], strict=True))
    print(f"| {name} | {first:.1f} | {later:.1f} | {ours:.2f} s | {theirs:.2f} s |", flush=True)


def main() -> None:
    warnings.simplefilter("ignore")
    print("| data | first fit: ratio | later: ratio | chainrule | scikit-learn |")
    print("|---|---|---|---|---|")
    compare("iris", *datasets.load_iris(return_X_y=True), rounds=6)
    compare("digits", *datasets.load_digits(return_X_y=True), rounds=4)
    X, y = datasets.make_classification(100_000, 20, random_state=0)
    compare("100,000 x 20", X, y, rounds=3, max_iter=30)
    rng = np.random.default_rng(0)
    X = rng.random((20_000, 784)) * (rng.random((20_000, 784)) < 0.2)
    compare("20,000 x 784", X, rng.integers(10, size=20_000), rounds=3, max_iter=10)


if __name__ == "__main__":
    main()
