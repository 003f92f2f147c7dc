"""The door: what users bring is checked here, once, with an error that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError
from chainrule.initializers import Shape
from chainrule.namespace import Array


def as_array(value: Any, name: str) -> Array:
    """Return a list, or anything array-like, as an array.

    >>> as_array([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    try:
        return np.asarray(value)
    except ValueError:  # numpy's own words are about "inhomogeneous shapes"
        raise ShapeError(f"{name} must have rows of equal length") from None


def as_samples(x: Any, shape: Shape | None, name: str = "x") -> Array:
    """Return `x` as an array (m, *shape) of numbers; `shape` None accepts any samples.

    Raises ShapeError for another shape, DataError for anything that is not a number.

    >>> as_samples([[1.0, 2.0]], (2,)).shape
    (1, 2)
    """
    X = x if type(x) is np.ndarray else as_array(x, name)
    if X.dtype.kind not in "fiub":
        raise DataError(f"{name} must be numbers, got {describe_dtype(X)}")
    if X.shape[1:] == shape and X.ndim > 0:
        return X
    if shape is None:
        if X.ndim < 2:
            hint = f"one feature? pass {name}[:, None]"
            raise ShapeError(f"{name} must be (samples, features), got {X.shape}: {hint}")
        return X
    expected = ", ".join(["samples", *map(str, shape)])
    hint = ""
    if len(shape) == 1 and X.shape == (shape[0], 1):
        hint = ": a column vector? pass X.T, or use columns"
    elif len(shape) == 1 and X.ndim == 2 and X.shape[0] == shape[0]:
        hint = ": samples in columns? pass X.T, or use columns"
    elif X.shape == shape:
        hint = f": one sample? pass {name}[None]"
    elif X.ndim == 1 and shape == (1,):
        hint = f": pass {name}[:, None]"
    raise ShapeError(f"{name} must be ({expected}), got {X.shape}{hint}")


def check_finite(X: Array, name: str) -> None:
    """Raise DataError naming the first entry that is NaN or infinite."""
    if X.dtype.kind != "f" or X.size == 0:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduce(X, axis=None)
    if np.isfinite(total):  # one NaN or infinity anywhere would show in the sum
        return
    bad = ~np.isfinite(X)
    if not bad.any():
        return  # only the sum overflowed
    place = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), X.shape))
    raise DataError(
        f"{name} holds {int(bad.sum()):,} entries that are not finite numbers; "
        f"the first is {name}[{', '.join(map(str, place))}] = {X[place]}"
    )


def check_length(y: Array, X: Array, name: str = "y") -> None:
    """Raise ShapeError unless there is one target (or weight) per sample."""
    if y.ndim == 0 or len(y) != len(X):
        got = f"has {len(y):,}" if y.ndim else "is a single one"
        raise ShapeError(
            f"{name} must have one entry per sample: {len(X):,} samples, but {name} {got}"
        )


def as_weights(weight: Any, X: Array, name: str) -> Array:
    """Return sample weights as finite numbers (m,), none negative and not all zero."""
    weights = as_array(weight, name)
    if weights.dtype.kind not in "fiub":
        raise DataError(f"{name} must be numbers, got {describe_dtype(weights)}")
    weights = weights.astype(np.float64)
    if weights.ndim != 1:
        raise ShapeError(f"{name} must be (samples,), got {weights.shape}")
    check_length(weights, X, name)
    check_finite(weights, name)
    if (weights < 0).any() or not weights.any():
        raise DataError(f"{name} must be 0 or more, and not all 0")
    return weights


def describe_dtype(X: Array) -> str:
    """Return the dtype in words, with the first value where it is text or objects."""
    if X.dtype.kind in "OUS" and X.size:
        return f"{X.dtype} such as {X.ravel()[:1].tolist()[0]!r}"
    return str(X.dtype)
