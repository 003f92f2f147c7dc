"""What exported Python files are made of: these very functions are copied into them, as they stand.

Each needs NumPy and the standard library alone; a file gets those that its network uses.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from chainrule.namespace import Array


def softmax(X: Array) -> Array:
    """Return e^x / Σ e^x over the last axis."""
    E = np.exp(X - X.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def log_softmax(X: Array) -> Array:
    """Return x - ln Σ e^x over the last axis."""
    X = X - X.max(axis=-1, keepdims=True)
    return X - np.log(np.exp(X).sum(axis=-1, keepdims=True))


def sigmoid(X: Array) -> Array:
    """Return 1 / (1 + e^-x)."""
    return 0.5 + 0.5 * np.tanh(0.5 * X)


def softplus(X: Array) -> Array:
    """Return ln(1 + e^x)."""
    return np.maximum(X, 0) + np.log1p(np.exp(-np.abs(X)))


def erf(X: Array) -> Array:
    """Return the error function of every entry."""
    return np.array([math.erf(x) for x in X.ravel().tolist()], X.dtype).reshape(X.shape)


def windows(
    X: Array,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: tuple[tuple[int, int], ...],
    fill: float = 0.0,
) -> list[Array]:
    """Return the entries that all windows have at each position of the kernel."""
    X = np.pad(X, ((0, 0), *pads, (0, 0)), constant_values=fill)
    places = [(n - k) // s + 1 for n, k, s in zip(X.shape[1:-1], kernel, stride, strict=True)]
    starts = product(*map(range, kernel))
    axes = [list(zip(at, stride, places, strict=True)) for at in starts]
    return [X[(slice(None), *(slice(a, a + s * n, s) for a, s, n in axis))] for axis in axes]


def convolution(
    X: Array,
    W: Array,
    b: Array,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: tuple[tuple[int, int], ...],
) -> Array:
    """Return a dense layer on every window: patches(X) W + b."""
    return np.concatenate(windows(X, kernel, stride, pads), axis=-1) @ W + b


def max_pool(
    X: Array, kernel: tuple[int, ...], stride: tuple[int, ...], pads: tuple[tuple[int, int], ...]
) -> Array:
    """Return the largest entry of each window."""
    return np.max(windows(X, kernel, stride, pads, -np.inf), axis=0)


def average_pool(
    X: Array, kernel: tuple[int, ...], stride: tuple[int, ...], pads: tuple[tuple[int, int], ...]
) -> Array:
    """Return the mean of each window."""
    return np.mean(windows(X, kernel, stride, pads), axis=0)


def embedding(X: Array, W: Array) -> Array:
    """Return the row of W for each token."""
    return np.take(W, np.rint(X).astype(int), axis=0, mode="clip")


def one_hot(X: Array, values: Array, known: Array) -> Array:
    """Return a 1 where a column holds a known value, 0 elsewhere."""
    hit = (X[:, :, None] == values) & (np.arange(values.shape[1]) < known[:, None])
    return hit.astype(X.dtype).reshape(len(X), -1)
