"""Metrics beside the loss, computed on the network's raw output Z in the array's own namespace."""

from __future__ import annotations

from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.step import Data


def has_accuracy(loss: Loss, targets: Array) -> bool:
    """Say whether the targets are labels or flags, which can be hit or missed."""
    return loss.task != "regression" or targets.ndim == 1


def hits(loss: Loss, Z: Array, targets: Array) -> Array:
    """Return for each sample whether the answer is right, as booleans (m,).

    A class is right when it is the largest output; flags are right when all of them are.

    >>> import numpy as np
    >>> from chainrule.losses import SoftmaxCrossEntropy
    >>> hits(SoftmaxCrossEntropy(), np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    array([ True, False])
    """
    if targets.ndim == 1:
        return Z.argmax(axis=1) == targets
    if loss.task == "classes":
        return Z.argmax(axis=1) == targets.argmax(axis=1)
    return ((loss.threshold < Z) == (targets > 0.5)).all(axis=1)


def scores(loss: Loss, Z: Array, data: Data) -> dict[str, float]:
    """Return the loss of outputs Z on `data`, and the accuracy where there is one."""
    weights = loss.sample_weights(data.weights, len(Z), Z.dtype)
    value, _ = loss(Z, data.targets, weights)
    values = {"loss": float(value)}
    if has_accuracy(loss, data.targets):
        values["accuracy"] = float(hits(loss, Z, data.targets).mean())
    return values
