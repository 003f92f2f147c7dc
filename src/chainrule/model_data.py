"""What users bring to a model, checked and encoded once, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DataError
from chainrule.inputs import as_array, as_samples, as_weights, check_finite, check_length
from chainrule.step import Data
from chainrule.targets import Targets

if TYPE_CHECKING:
    from chainrule.model import Model


def prepare(model: Model, x: Any, y: Any, weight: Any = None, name: str = "") -> Data:
    """Return checked, encoded data; build the model and learn its classes where that is due."""
    shape = None if model.built is None else model.built.input_shape
    X = as_samples(x, shape, f"{name}x")
    if X.dtype.kind == "f":  # once, not at every step; integers stay small
        with np.errstate(over="ignore"):  # seen below
            X = X.astype(model.dtype, copy=False)
    check_finite(X, f"{name}x")
    if len(X) == 0:
        raise DataError(f"{name}x has no samples")
    check_length(as_array(y, f"{name}y"), X, f"{name}y")
    if model.built is None:
        model.build(X.shape[1:])
    assert model.built is not None
    model.trained_layer.check_input(X, f"{name}x")
    outputs = model.built.output_shape[0]
    known = model.targets or Targets.learn(y, model.trained_loss, outputs, model.classes)
    targets = known.encode(y, f"{name}y")
    model.targets = known  # only now, so that a refused y leaves nothing behind
    if targets.dtype.kind == "f" or targets.ndim == 2:
        targets = targets.astype(model.dtype)
    weights = None if weight is None else as_weights(weight, X, f"{name}sample_weight")
    return Data(X, targets, weights)


def look(model: Model, data: Data) -> None:
    """Let the input layers that have seen no data yet learn from these."""
    if model.trained_layer.adapts:
        state = model.state
        running = model.trained_layer.adapt(state.running, data.X.astype(model.dtype))
        model.restore(state._replace(running=running))
