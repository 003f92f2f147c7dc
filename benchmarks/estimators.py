"""`python -m benchmarks.estimators [NAME...]`: chainrule's MLP beside scikit-learn's own.

Each library trains in processes of its own, in turn, with default parameters, until it stops by
itself. "cold" is the first fit of a new process, with all that is compiled; "warm" the median of
the fits after it. MNIST and the table take some minutes each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from statistics import median
from time import perf_counter
from typing import Any

import chainrule as cr

ROUNDS = 3
SETS = ("iris", "digits", "100,000 x 20", "mnist")


def data(name: str) -> Any:
    from sklearn import datasets

    if name == "100,000 x 20":
        return datasets.make_classification(100_000, 20, random_state=0)
    if name == "mnist":
        (x, y), _ = cr.data.load("mnist")
        return x.reshape(-1, 784) / 255.0, y
    return getattr(datasets, f"load_{name}")(return_X_y=True)


def work(library: str, name: str) -> None:
    """Print the seconds of each fit."""
    warnings.simplefilter("ignore")
    X, y = data(name)
    seconds = []
    if library == "chainrule":
        from chainrule.estimators import MLPClassifier as Estimator
    else:
        from sklearn.neural_network import MLPClassifier as Estimator
    for seed in range(ROUNDS):
        started = perf_counter()
        Estimator(random_state=seed).fit(X, y)
        seconds.append(perf_counter() - started)
    print(json.dumps(seconds))


def measured(library: str, name: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.estimators", "--work", library, name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cold, *warm = json.loads(done.stdout)
    return cold, median(warm)


def compare(name: str, rounds: int) -> str:
    pairs = [[measured(lib, name) for lib in ("chainrule", "sklearn")] for _ in range(rounds)]
    cells = []
    for kind in (0, 1):
        ours, theirs = (median(pair[side][kind] for pair in pairs) for side in (0, 1))
        cells += [f"{ours:.2f} s", f"{theirs:.2f} s", f"{theirs / ours:.1f}"]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SETS)}; or all")
    names = parser.parse_args().names or list(SETS)
    unknown = [name for name in names if name not in SETS]
    if unknown:
        parser.error(f"unknown data {', '.join(unknown)}; there are {', '.join(SETS)}")
    print("| data | cold | scikit-learn | ratio | warm | scikit-learn | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        print(compare(name, rounds=3 if name in ("iris", "digits") else 1), flush=True)


if __name__ == "__main__":
    main()
