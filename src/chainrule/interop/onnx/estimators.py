"""The operators of `ai.onnx.ml`, in which skl2onnx writes scikit-learn's estimators."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from chainrule.interop.onnx.linear import dense
from chainrule.interop.onnx.reading import Reading
from chainrule.interop.onnx.tables import reads
from chainrule.layers import (
    Concatenate,
    Dense,
    Layer,
    OneHot,
    Reshape,
    Sigmoid,
    Slice,
    Softmax,
    Standardize,
)
from chainrule.namespace import Array
from chainrule.tree import Tree


@reads("Scaler")
def read_scaler(at: Reading) -> None:
    """Take scikit-learn's scalers: (X − offset) · scale."""
    n = at.track.sizes[-1] if at.track.sizes else 0
    offset, scale = (np.asarray(at.attribute(k, [0.0]), np.float64) for k in ("offset", "scale"))
    at.require(offset.size in (1, n) and scale.size in (1, n) and scale.all(), "offset or scale")
    numbers = {"shift": offset * np.ones(n), "spread": 1 / (scale * np.ones(n))}
    state = {k: v.astype(np.float32) for k, v in numbers.items()}
    at.add(Standardize(), state={**state, "samples": np.ones(1, np.float32)})


@reads("LinearRegressor")
def read_linear_regressor(at: Reading) -> None:
    """Take a Dense layer, a unit for each target."""
    if at.attribute("post_transform", "NONE") != "NONE":
        raise at.refused(f"with post_transform={at.attribute('post_transform', '')}: no layer")
    dense(at, *_rows(at, int(at.attribute("targets", 1))))


@reads("LinearClassifier")
def read_linear_classifier(at: Reading) -> None:
    """Take a Dense layer with a unit for each class, and what makes its scores probabilities.

    Of two classes, a file has the scores −z and z, or z alone, and σ(±z) as probabilities: that is
    Softmax of −z/2 and z/2.
    """
    labels = class_labels(at)
    count = len(np.atleast_1d(at.attribute("intercepts", [0.0])))
    W, b = _rows(at, count)
    how = at.attribute("post_transform", "NONE")
    opposed = count == 2 and np.allclose(W[:, 0], -W[:, 1]) and np.isclose(b[0], -b[1])
    if count == 1 and labels == 2:
        W, b, opposed = np.concatenate([-W, W], axis=1), np.concatenate([-b, b]), True
        if how == "NONE":
            raise at.refused("of two classes with one score, which post_transform=NONE leaves open")
    if how == "LOGISTIC" and opposed:
        W, b, how = W / 2, b / 2, "SOFTMAX"
    if how not in LINKS:
        raise at.refused(f"with post_transform={how}: {', '.join(LINKS)} have layers")
    dense(at, W, b)
    for layer in LINKS[how]:
        at.add(layer)


LINKS: dict[str, list[Layer]] = {"NONE": [], "SOFTMAX": [Softmax()], "LOGISTIC": [Sigmoid()]}


def class_labels(at: Reading) -> int:
    """Return how many classes a classifier names."""
    names = at.attribute("classlabels_strings", None) or at.attribute("classlabels_ints", None)
    return len(names or ())


def _rows(at: Reading, units: int) -> tuple[Array, Array]:
    """Return the weights (inputs, units) and the bias of a linear model."""
    n = at.track.sizes[-1] if at.track.sizes else 0
    coefficients = np.asarray(at.attribute("coefficients", ()), np.float32)
    b = np.asarray(at.attribute("intercepts", np.zeros(units)), np.float32)
    at.require(coefficients.size == n * units, f"{coefficients.size} coefficients for {n} inputs")
    at.require(b.size == units, f"{b.size} intercepts for {units} units")
    if not (np.isfinite(coefficients).all() and np.isfinite(b).all()):
        raise at.refused("whose coefficients hold numbers that are not finite")
    return coefficients.reshape(units, n).T, b


@reads("Normalizer")
def read_normalizer(at: Reading) -> None:
    """Take it after Softmax, whose outputs sum to 1 as they are."""
    last = at.track.steps[-1].layer if at.track.steps else None
    if at.attribute("norm", "MAX") != "L1" or not isinstance(last, Softmax):
        raise at.refused("of rows to length 1: no layer does that (after Softmax, L1 is nothing)")


@reads("TwoClasses")
def read_two_classes(at: Reading) -> None:
    """Take [1 − σ(z), σ(z)], of one unit, as Softmax of −z/2 and z/2."""
    last = at.track.steps[-1] if at.track.steps else None
    if last is None or last.layer != Dense(1):
        raise at.refused("of something else than one unit")
    halves = {name: np.concatenate([-p, p], axis=-1) / 2 for name, p in last.params.items()}
    at.track.replace_last(Dense(2), halves, (2,))
    at.add(Softmax())


@reads("OneHotEncoder")
def read_one_hot_encoder(at: Reading) -> None:
    """Take numbered categories; an unknown one is a row of zeros there as here."""
    values = at.attribute("cats_int64s", None)
    if not values:
        raise at.refused("of texts: samples are numbers here, so number the categories")
    at.require(len(at.track.sizes) == 1, f"samples of shape {at.track.sizes}")
    columns, n = at.track.sizes[0], len(values)
    state = {
        "values": np.tile(np.asarray(values, np.float32), (columns, 1)),
        "known": np.full(columns, n, np.float32),
        "samples": np.ones(1, np.float32),
    }
    at.track.rows()
    if columns == 1:
        at.add(OneHot(n), state=state, axes=(2,), sizes=(1, n))
        return
    at.add(OneHot(n), state=state, axes=(1,), sizes=(columns * n,))
    at.add(Reshape((columns, n)), axes=(1, 2), sizes=(columns, n))


@reads("ArrayFeatureExtractor")
def read_columns(at: Reading) -> None:
    """Take some columns, in any order."""
    if at.data_input != 0:
        raise at.refused("of a constant table: no layer looks up")
    select(at, at.constant(1), len(at.track.sizes))


def select(at: Reading, indices: Array, axis: int) -> None:
    """Add the layers that keep these entries of an ONNX axis, in this order."""
    at.require(0 < axis <= len(at.track.sizes), f"axis {axis} of samples {at.track.sizes}")
    n = int(at.track.sizes[axis - 1])
    places = [i + n if i < 0 else i for i in map(int, indices.ravel())]
    at.require(places and all(0 <= i < n for i in places), f"entries {places} of {n}")
    at.track.last(axis)
    turns = (k for k, (i, j) in enumerate(pairwise(places), 1) if j != i + 1)
    breaks = [0, *turns, len(places)]
    runs = [Slice(places[a], places[b - 1] + 1) for a, b in pairwise(breaks)]
    if [(run.start, run.stop) for run in runs] == [(0, n)]:
        return
    sizes = [*at.track.sizes]
    sizes[axis - 1] = len(places)
    none: Tree = {} if len(runs) == 1 else {str(i): {} for i in range(len(runs))}
    at.add(runs[0] if len(runs) == 1 else Concatenate(*runs), none, sizes=tuple(sizes))
