"""A data set: samples, what they are called and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Training and test samples, ready for `fit`.

    x (n, …) and y: for classification int64 (n,), positions in `classes`; for regression
    float64 (n,) or (n, k), and `classes` is None. x_test and y_test are None without a test
    set. `columns` are the features' names, if they have any; `source` says where it came from.

    >>> s = DataSet(np.zeros((4, 2)), np.array([0, 1, 1, 0]), name="toy", classes=("no", "yes"))
    >>> s
    <DataSet toy: classification, x (4, 2) float64, 2 classes, no test set>
    """

    x: Array
    y: Array
    x_test: Array | None = None
    y_test: Array | None = None
    classes: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    name: str = ""
    source: str = ""

    @property
    def task(self) -> str:
        """Return "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def __repr__(self) -> str:
        kind = "" if self.classes is None else f", {len(self.classes)} classes"
        test = "no test set" if self.x_test is None else f"{len(self.x_test)} test samples"
        return f"<DataSet {self.name}: {self.task}, x {self.x.shape} {self.x.dtype}{kind}, {test}>"

    def describe(self) -> dict[str, Any]:
        """Return shapes, types, ranges and counts as plain values, fit for JSON.

        >>> s = DataSet(np.eye(2), np.array([0, 1]), classes=("no", "yes"))
        >>> s.describe()["training"]["counts"]
        {'no': 1, 'yes': 1}
        """
        description: dict[str, Any] = {"name": self.name, "source": self.source, "task": self.task}
        description["classes"] = None if self.classes is None else list(self.classes)
        description["columns"] = None if self.columns is None else list(self.columns)
        description["training"] = self._part(self.x, self.y)
        description["test"] = None
        if self.x_test is not None and self.y_test is not None:
            description["test"] = self._part(self.x_test, self.y_test)
        return description

    def _part(self, x: Array, y: Array) -> dict[str, Any]:
        part: dict[str, Any] = {"samples": len(x), "shape": list(x.shape), "dtype": str(x.dtype)}
        part["range"] = [x.min().item(), x.max().item()] if x.size else None
        if self.classes is None:
            part["target_range"] = [y.min().item(), y.max().item()]
        else:
            counts = np.bincount(y, minlength=len(self.classes)).tolist()
            part["counts"] = dict(zip(self.classes, counts, strict=True))
        return part
