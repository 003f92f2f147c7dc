"""Derivatives from function values alone, and a comparison that says where they differ.

Nothing here uses a backward pass. Central difference: (f(x + h) − f(x − h)) / 2h, for any f.
Complex step: Im f(x + ih) / h, without any cancellation, for f built of analytic functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import INFERENCE, Context, Layer, Loss
from chainrule.tree import flatten, replace

Numeric = Callable[[Callable[[Any], Any], Any], Any]


def central_difference(function: Callable[[Any], Any], at: Any, step: float = 1e-5) -> Any:
    """Return the gradient of a scalar function of an array, entry by entry."""
    gradient = np.empty_like(at)
    for index in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (function(above) - function(below)) / (above[index] - below[index])
    return gradient


def complex_step(function: Callable[[Any], Any], at: Any, step: float = 1e-30) -> Any:
    """Return the gradient of a scalar analytic function of an array, exact to rounding."""
    gradient = np.empty_like(at)
    for index in np.ndindex(at.shape):
        moved = at.astype(complex)
        moved[index] += 1j * step
        gradient[index] = function(moved).imag / step
    return gradient


def relative_error(expected: Any, received: Any) -> float:
    """Return ‖received − expected‖ / the larger norm."""
    largest = max(np.linalg.norm(expected), np.linalg.norm(received))
    return float(np.linalg.norm(received - expected) / largest) if largest else 0.0


def compare(what: str, expected: Any, received: Any, bound: float) -> None:
    """Fail, naming the entry that is furthest off, unless the relative error is below `bound`."""
    assert received.shape == expected.shape, (
        f"{what}: expected shape {expected.shape}, got {received.shape}"
    )
    error = relative_error(expected, received)
    if error < bound:
        return
    distance = np.nan_to_num(abs(received - expected), nan=np.inf)
    worst = np.unravel_index(distance.argmax(), distance.shape)
    place = ", ".join(str(int(i)) for i in worst)
    raise AssertionError(
        f"{what}[{place}]: expected {expected[worst]:.10g}, got {received[worst]:.10g} "
        f"(relative error of the whole {error:.2g}, allowed {bound:.0e})"
    )


def check_layer(
    layer: Layer,
    params: Any,
    X: Any,
    numeric: Numeric = central_difference,
    bound: float = 1e-7,
    ctx: Context = INFERENCE,
) -> None:
    """Fail unless `backward` is the derivative of `forward`, for the input and every parameter."""
    Y, cache = layer.forward(params, X, ctx)
    dY = np.random.default_rng(11).normal(size=Y.shape)
    dX, gradients = layer.backward(params, cache, dY)
    received = flatten(gradients)
    names = flatten(params).keys()
    assert received.keys() == names, (
        f"{layer!r}: expected gradients of {sorted(names)}, got {sorted(received)}"
    )

    def value(params: Any, X: Any) -> Any:
        return (layer.forward(params, X, ctx)[0] * dY).sum()

    for name, p in flatten(params).items():
        expected = numeric(lambda q, name=name: value(replace(params, {name: q}), X), p)
        compare(f"{layer!r}: gradient of {name}", expected, received[name], bound)
    compare(f"{layer!r}: gradient of X", numeric(lambda Q: value(params, Q), X), dX, bound)


def check_loss(
    loss: Loss,
    Z: Any,
    targets: Any,
    weights: Any,
    numeric: Numeric = central_difference,
    bound: float = 1e-7,
) -> None:
    """Fail unless dZ is the derivative of the loss's value."""
    expected = numeric(lambda Q: loss(Q, targets, weights)[0], Z)
    compare(f"{loss!r}: gradient of Z", expected, loss(Z, targets, weights)[1], bound)
