"""What users bring to a model, checked and encoded once, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DataError
from chainrule.initializers import Shape
from chainrule.inputs import as_array, as_samples, as_weights, check_finite, check_length
from chainrule.namespace import Array
from chainrule.step import Data
from chainrule.stored import Converted, Stored, as_stored
from chainrule.targets import Targets

if TYPE_CHECKING:
    from chainrule.model import Model

FIRST = 4096  # rows of stored data that are looked at before training; all are checked when read
LOOKED_AT = 65_536  # rows, spread evenly, from which input layers learn when data are stored


def encoded(model: Model, x: Any) -> Any:
    """Return `x` as numbers where it is a frame or a file and the model was trained on a table."""
    if model.table is None or isinstance(x, np.ndarray):
        return x
    rows = isinstance(x, list | tuple) and len(x) > 0 and isinstance(x[0], Mapping)
    if rows or isinstance(x, str | PathLike | Mapping) or hasattr(type(x), "columns"):
        return model.table.encode(x)
    return x


def prepare(model: Model, x: Any, y: Any, weight: Any = None, name: str = "") -> Data:
    """Return checked, encoded data; build the model and learn its classes where that is due."""
    shape = None if model.built is None else model.built.input_shape
    x = encoded(model, x)
    stored = as_stored(x)
    X: Any  # an array, or stored
    if stored is not None:
        X = stored_samples(model, stored, shape, f"{name}x")
    else:
        X = _samples(model, x, shape, f"{name}x")
    if len(X) == 0:
        raise DataError(f"{name}x has no samples")
    stored_y = as_stored(y)
    Y: Any = as_array(y, f"{name}y") if stored_y is None else stored_y
    check_length(Y, X, f"{name}y")
    if model.built is None:
        model.build(X.shape[1:])
    assert model.built is not None
    model.trained_layer.check_input(X[:FIRST] if stored is not None else X, f"{name}x")
    outputs = model.built.output_shape[0]
    known = model.targets
    if known is None:
        shown = y if stored_y is None else stored_y[:FIRST]
        known = Targets.learn(shown, model.trained_loss, outputs, model.classes)

    def encode(y: Any) -> Array:
        targets = known.encode(y, f"{name}y")
        wide = targets.dtype.kind == "f" or targets.ndim == 2
        return targets.astype(model.dtype) if wide else targets

    targets = encode(y) if stored_y is None else Converted(stored_y, encode)
    model.targets = known  # only now, so that a refused y leaves nothing behind
    weights = None if weight is None else as_weights(weight, X, f"{name}sample_weight")
    return Data(X, targets, weights)


def _samples(model: Model, x: Any, shape: Shape | None, name: str) -> Array:
    X = as_samples(x, shape, name)
    if X.dtype.kind == "f":  # once, not at every step; integers stay small
        with np.errstate(over="ignore"):  # seen below
            X = np.ascontiguousarray(X, model.dtype)  # rows are what is gathered, not columns
    check_finite(X, name)
    return X


def stored_samples(model: Model, x: Stored, shape: Shape | None, name: str) -> Stored:
    """Return `x` with every row checked when it is read; its shape is checked now."""
    as_samples(x[:1], shape, name)
    return Converted(x, lambda rows: _samples(model, rows, x.shape[1:], name))


def look(model: Model, data: Data) -> None:
    """Let the input layers that have seen no data yet learn from these.

    From stored data they learn from 65,536 samples, spread evenly.
    """
    if model.trained_layer.adapts:
        state = model.state
        X, weights = data.X, data.weights
        if isinstance(X, Stored):
            rows = np.linspace(0, len(X) - 1, min(len(X), LOOKED_AT)).astype(int)
            X, weights = X[rows], None if weights is None else weights[rows]
        running = model.trained_layer.adapt(state.running, X.astype(model.dtype), weights)
        model.restore(state._replace(running=running))
