"""`cr.examine(model, x, y)`: every symptom of the table against a model and its data."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule.doctor.symptoms  # noqa: F401  (fills the table)
from chainrule.doctor.evidence import Evidence, NotFinite
from chainrule.doctor.report import Report
from chainrule.doctor.symptom import SYMPTOMS
from chainrule.doctor.trial import run
from chainrule.errors import ConfigurationError
from chainrule.inputs import as_array, check_length
from chainrule.namespace import Array
from chainrule.step import Data, State

if TYPE_CHECKING:
    from chainrule.model import Model


def examine(
    model: Model,
    x: Any = None,
    y: Any = None,
    *,
    held_out: tuple[Any, Any] | None = None,
    batch_size: int | None = None,
    trial: bool = True,
) -> Report:
    """Return what is wrong with a training, in plain words with the evidence; nothing is changed.

    x and y are samples that the model is, or was, trained on; `held_out` are others. Without data
    only the layers and the curves are looked at. With `trial`, a copy is trained for up to 100
    steps from the initial weights, in batches of `batch_size` (by default as the model was
    trained, else 32). Raises ShapeError and DataError as `fit` does, except for NaN, which is a
    finding.

    >>> import chainrule as cr
    >>> network = cr.Sequential(cr.Dense(8), cr.ReLU(), cr.Dense(3), cr.Softmax())
    >>> model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
    >>> print(examine(model).problems[0].evidence)
    SoftmaxCrossEntropy() applies softmax itself, to numbers that softmax has brought into 0 to 1...
    """
    if (x is None) != (y is None):
        raise ConfigurationError("examine needs x and y together, or neither")
    seen = copy(model)  # what it learns of the data stays with the copy
    bad: list[NotFinite] = []
    data = None if x is None else _prepare(seen, x, y, "", bad)
    other = None if held_out is None else _prepare(seen, *held_out, "held_out ", bad)
    if seen.built is None:
        raise ConfigurationError(
            "the model is not built yet: give x and y, or Model(..., input_shape=...)"
        )
    state, tried = adapted(seen, data), None
    if data is not None and trial:
        tried = run(seen, state, data, batch_size or usual_batch(seen, len(data.X)))
    return report(Evidence(seen, state, data, other, tried, tuple(bad)))


def report(seen: Evidence) -> Report:
    """Return what all symptoms together find."""
    looked, found = [], []
    with np.errstate(all="ignore"):  # numbers that overflow are findings, not warnings
        for symptom in SYMPTOMS:
            if symptom.visible(seen):
                looked.append(symptom.name)
                found += symptom.findings(seen)
    found.sort(key=lambda finding: finding.severity)  # "problem" comes before "remark"
    return Report(tuple(found), about(seen), tuple(looked), _not_seen(seen))


def about(seen: Evidence) -> str:
    """Return in words what was looked at."""
    epochs, said = seen.model.history.epochs, []
    if seen.data is not None:
        said.append(f"{len(seen.data.X):,} samples")
    if seen.held_out is not None:
        said.append(f"{len(seen.held_out.X):,} others")
    s = "s" * (epochs > 1)
    said.append(f"{epochs} epoch{s}, {seen.steps:,} steps" if epochs else "untrained")
    return ", ".join(said)


def _not_seen(seen: Evidence) -> str:
    missing = dict.fromkeys(s.name for s in SYMPTOMS if not s.visible(seen))
    if not missing:
        return ""
    needed = "data" if seen.data is None else "training, or other data"
    return f"needs {needed}, so not looked for: {', '.join(missing)}"


def adapted(model: Model, data: Data | None) -> State:
    """Return the model's state; layers that adapt to the data before training have done so."""
    state = model.state
    if data is None or not model.trained_layer.adapts:
        return state
    running = model.trained_layer.adapt(state.running, data.X.astype(model.dtype))
    return state._replace(running=running)


def usual_batch(model: Model, samples: int) -> int:
    """Return the batch size that the model was trained with, as far as can be told, else 32."""
    asked = model.configuration.get("batch_size")
    if isinstance(asked, int) and asked > 0:
        return asked
    epochs, steps = model.history.epochs, int(model.state.step)
    if asked is not None or (epochs and steps == epochs):
        return samples
    return -(-samples * epochs // steps) if epochs and steps else min(32, samples)


def _prepare(model: Model, x: Any, y: Any, name: str, bad: list[NotFinite]) -> Data:
    """Return checked data without the samples that hold NaN, which are noted in `bad`."""
    from chainrule.model_data import prepare

    X, Y = as_array(x, f"{name}x"), as_array(y, f"{name}y")
    check_length(Y, X, f"{name}y")
    keep = np.ones(len(X), bool)
    for array, what in ((X, f"{name}x"), (Y, f"{name}y")):
        keep &= _finite_rows(array, what, bad)
    return prepare(model, X[keep], Y[keep], None, name)


def _finite_rows(array: Array, what: str, bad: list[NotFinite]) -> Array:
    if array.dtype.kind != "f":
        return np.ones(len(array), bool)
    wrong = ~np.isfinite(array)
    if wrong.any():
        place = tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), array.shape))
        first = f"{what}[{', '.join(map(str, place))}] = {array[place]}"
        bad.append(NotFinite(what, int(wrong.sum()), first))
    return np.asarray(~wrong.reshape(len(array), -1).any(axis=1))
