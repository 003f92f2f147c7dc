"""The samples as the first layer that learns receives them, and the numbers asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding, at
from chainrule.doctor.symptom import symptom
from chainrule.explaining.trace import Record
from chainrule.layers.base import Layer
from chainrule.losses import StandardizedSquaredError
from chainrule.namespace import Array

LARGE, SMALL = 10, 1e-3  # root mean square of an input; initial weights are made for 1
APART, WIDE = 100, 10  # columns' spreads: their ratio, and the widest
TARGETS = 50


@symptom("NaN or infinite numbers", "network")
def not_finite(seen: Evidence) -> Iterator[Finding]:
    """Find entries of the data, of parameters or of a layer's output that are not finite."""
    for name, count, first in seen.not_finite:
        yield Finding(
            name,
            f"{count:,} entries of {name} are not finite numbers, the first is {first}; their "
            "samples were left out here, and `fit` refuses them",
            "remove these samples, or fill the gaps with the column's mean",
            {"count": count, "first": first},
        )
    for record, name in _broken(seen):
        array = record.values[name]
        bad = int((~np.isfinite(array)).sum())
        yield Finding(
            at(record.path, record.layer),
            f"{bad:,} of the {array.size:,} entries of {name} are not finite, and it is the first "
            f"in the {'backward' if name.startswith('d') else 'forward'} pass",
            "look at this layer with cr.check, and lower the learning rate",
            {"layer": record.path, "array": name, "count": bad},
        )
        return


def _broken(seen: Evidence) -> Iterator[tuple[Record, str]]:
    """Yield the layers and arrays that are not finite, in the order in which they were computed."""
    for way, records in ((_forward, seen.records), (_backward, reversed(seen.records))):
        for record in records:
            for name in way(record):
                if not np.isfinite(record.values[name]).all():
                    yield record, name


def _forward(record: Record) -> list[str]:
    """Return what a layer's forward pass read and wrote, in that order."""
    return ["X", *record.params, "Y"]


def _backward(record: Record) -> list[str]:
    """Return what its backward pass read and wrote."""
    return [
        name for name in ("dY", *(f"d{p}" for p in record.params), "dX") if name in record.values
    ]


@symptom("inputs not scaled", "pass")
def not_scaled(seen: Evidence) -> Iterator[Finding]:
    """Find inputs far from 1, or columns of very different spread."""
    first = next(iter(seen.learning), None)
    if first is None or type(first.layer).check_input is not Layer.check_input:  # takes indices
        return
    X = first.values["X"]
    size = float(np.sqrt(np.mean(X * X)))
    where = f"the input of {at(first.path, first.layer)}"
    if not np.isfinite(size) or size == 0:
        return
    assert seen.model.built is not None
    uneven = _uneven(X) if len(seen.model.built.input_shape) == 1 else None  # pixels are alike
    if uneven is not None:
        wide, narrow, spread = uneven
        yield Finding(
            where,
            f"its columns differ {spread[wide] / spread[narrow]:,.0f}-fold in spread: column {wide}"
            f" has a standard deviation of {spread[wide]:.3g}, column {narrow} of "
            f"{spread[narrow]:.3g}; one learning rate cannot suit both",
            "put Standardize() first, or subtract each column's mean and divide by its spread",
            {"widest": wide, "narrowest": narrow, "ratio": float(spread[wide] / spread[narrow])},
        )
    elif size > LARGE or size < SMALL:
        low, high = float(X.min()), float(X.max())
        factor = f"Scale({_factor(max(abs(low), abs(high)))})"
        yield Finding(
            where,
            f"it runs from {low:.4g} to {high:.4g}, with a root mean square of {size:.3g}; the "
            "initial weights and the usual learning rates are made for about 1",
            f"put {factor} or Standardize() first",
            {"low": low, "high": high, "rms": size},
        )


@symptom("targets not scaled", "samples")
def targets_not_scaled(seen: Evidence) -> Iterator[Finding]:
    """Find numbers to be predicted that are far from 1, and not predicted yet."""
    answers = seen.answers
    if answers is None or answers.kind != "values" or seen.solved:
        return
    if isinstance(seen.model.loss, StandardizedSquaredError):  # which does it itself
        return
    size = float(np.sqrt(np.mean(answers.targets**2)))
    if size > TARGETS:
        low, high = float(answers.targets.min()), float(answers.targets.max())
        yield Finding(
            "y",
            f"the targets run from {low:.4g} to {high:.4g} (root mean square {size:.3g}), and an "
            f"untrained network answers with about 1; of their variance, the model explains "
            f"{max(answers.explained, 0):.0%}",
            "train on (y − mean) / spread, and turn the predictions back",
            {"low": low, "high": high, "rms": size},
        )


def _uneven(X: Array) -> tuple[int, int, Array] | None:
    """Return the widest column, the narrowest, and all spreads, where they are far apart."""
    if X.ndim != 2 or X.shape[1] < 2 or len(X) < 2:
        return None
    spread = X.std(axis=0)
    wide, narrow = int(spread.argmax()), int(np.where(spread > 0, spread, np.inf).argmin())
    if spread[wide] < WIDE or spread[wide] < APART * spread[narrow]:
        return None
    return wide, narrow, spread


def _factor(largest: float) -> str:
    """Return the factor that brings the largest to 1, as one writes it."""
    return (
        f"1 / {largest:.0f}" if largest >= 2 and largest == round(largest) else f"{1 / largest:.2g}"
    )
