"""The contract of a loss: L and dL/dZ per sample; the weights are applied here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from chainrule.derivation import Formulas
from chainrule.description import Description
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.namespace import NARROW, Array, array_namespace

Task = Literal["regression", "binary", "classes"]


@dataclass(frozen=True, repr=False, eq=False)
class Loss(Description):
    """Base of all losses. A loss gives L and dL/dZ per sample; the weights are applied here.

    `task` says what the targets are: numbers (m, k), 0/1 flags (m, k), or classes, as labels (m,)
    or as a distribution (m, k). `threshold` is the output above which a flag counts as 1.
    """

    reduction: Literal["mean", "sum"] = field(default="mean", kw_only=True)
    formulas: ClassVar[Formulas] = Formulas()
    task: ClassVar[Task] = "regression"
    threshold: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            name = type(self).__name__
            raise ConfigurationError(
                f'{name}: reduction must be "mean" or "sum", got {self.reduction!r}'
            )

    def __call__(self, Z: Array, targets: Array, weights: Array | None = None) -> tuple[Any, Array]:
        """Return the value (a scalar) and dZ, the shape of Z."""
        Y = targets
        if targets.ndim == 1 and Z.ndim == 2:
            if self.task != "classes" and Z.shape[1] == 1:
                Y = targets[:, None]  # numbers or flags, for the one output
            elif targets.dtype.kind in "iub":
                Y = one_hot(targets, Z)
        if Y.dtype != Z.dtype:
            Y = Y.astype(Z.dtype)
        if Y.shape != Z.shape:
            raise ShapeError(f"expected targets of shape {Z.shape}, got {targets.shape}", self)
        if weights is None:
            weights = self.sample_weights(None, Z.shape[0], Z.dtype)
        L, dL = self.per_sample(Z, Y)
        return weights @ L, weights[:, None] * dL

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        """Return L (m,) and its derivative with respect to Z (m, k)."""
        raise NotImplementedError

    def predictions(self, Z: Array) -> Array:
        """Return what Z means to a user: probabilities, or Z itself."""
        return Z

    def sample_weights(self, given: Array | None, m: int, dtype: Any) -> Array:
        """Return the weights of a whole batch of m samples: 1/m each, or in ratio to `given`."""
        if given is None:
            return np.full(m, 1 / m if self.reduction == "mean" else 1.0, dtype)
        given = given.astype(dtype)
        if self.reduction == "sum":
            return given
        # A minibatch may hold nothing but weights of 0; it then weighs nothing.
        total = array_namespace(given).maximum(given.sum(), float(np.finfo(dtype).tiny))
        return given / total


def one_hot(labels: Array, Z: Array) -> Array:
    """Return labels (m,) as rows (m, k) with a single 1, in the dtype of Z (m, k).

    >>> one_hot(np.array([1, 0]), np.zeros((2, 3)))
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    xp = array_namespace(Z)
    if xp.__name__ == "numpy" and Z.shape[1] < NARROW:  # a comparison takes NumPy longer
        rows: Array = xp.eye(Z.shape[1], dtype=Z.dtype).take(labels, axis=0)
        return rows
    places = xp.arange(Z.shape[1], dtype=labels.dtype)
    return (labels[:, None] == places).astype(Z.dtype)
