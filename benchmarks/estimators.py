"""`python -m benchmarks.estimators [NAME...]`: chainrule's MLP beside scikit-learn's own.

Each library trains in processes of its own, in turn. "cold" is the first fit of a new process, with
all that is compiled; "warm" the median of the fits after it. Parameters are the defaults, but for
`max_iter` of the large sets; ours run there on the engine that "auto" takes at the default of 200.
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

import numpy as np

import chainrule as cr

ROUNDS = 3
SETS: dict[str, dict[str, Any]] = {
    "iris": {},
    "digits": {},
    "100,000 x 20": {"max_iter": 30},
    "20,000 x 784": {"max_iter": 20},
    "mnist": {"max_iter": 20},
}


def data(name: str) -> Any:
    from sklearn import datasets

    if name == "100,000 x 20":
        return datasets.make_classification(100_000, 20, random_state=0)
    if name == "20,000 x 784":  # of MNIST's shape: ten noisy pictures, a fifth of the pixels set
        rng = np.random.default_rng(0)
        pictures, y = rng.random((10, 784)) < 0.2, rng.integers(10, size=20_000)
        return pictures[y] * rng.random((20_000, 784)) + 0.5 * rng.random((20_000, 784)), y
    if name == "mnist":
        (x, y), _ = cr.data.load("mnist")
        return x.reshape(-1, 784) / 255.0, y
    return getattr(datasets, f"load_{name}")(return_X_y=True)


def work(library: str, name: str) -> None:
    """Print the seconds of each fit."""
    warnings.simplefilter("ignore")
    X, y = data(name)
    options, seconds = SETS[name], []
    if library == "chainrule":
        from chainrule.estimators import MLPClassifier as Estimator

        options = options | ({"engine": "xla"} if options else {})
    else:
        from sklearn.neural_network import MLPClassifier as Estimator
    for seed in range(ROUNDS):
        started = perf_counter()
        Estimator(random_state=seed, **options).fit(X, y)
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
