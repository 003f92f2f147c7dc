"""Derivatives from function values alone: no backward pass is used here.

Central difference of order 4, with a look at the slope from either side: where left and right
disagree there is a kink, and the entry is set aside. Complex step, Im f(p + ih)/h, has no
cancellation at all; it is used where the function turns out to be analytic on complex input.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.namespace import Array

WIDE, NARROW, IMAGINARY = 1e-3, 1e-6, 1e-30
ANALYTIC_WITHIN = 1e-7  # how well complex step must agree with the difference to be believed

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Slopes:
    """How an output changes with some entries of an array.

    `jacobian[e]` is the derivative of the whole output with respect to entry e; `kinks[e]` says
    that left and right slopes differ there. `analytic` tells whether complex step gave it.
    """

    jacobian: Array
    kinks: Array
    analytic: bool

    def gradient(self, dY: Array) -> Array:
        """Return Σ dY ⊙ ∂Y/∂p for each entry."""
        axes = tuple(range(1, self.jacobian.ndim))
        return np.asarray((self.jacobian * dY).sum(axis=axes))


def slopes(function: Function, p: Array, entries: Sequence[tuple[int, ...]]) -> Slopes:
    """Return the derivatives of `function` with respect to these entries of `p`.

    >>> found = slopes(lambda p: p**3, np.array([2.0, 1.0]), [(0,), (1,)])
    >>> found.gradient(np.ones(2)).round(9), found.analytic
    (array([12.,  3.]), True)
    >>> slopes(lambda p: np.maximum(p, 0), np.array([0.0, 1.0]), [(0,), (1,)]).kinks
    array([ True, False])
    """
    here = np.asarray(function(p.copy()), float)
    pairs = [_difference(function, p, index, here) for index in entries]
    shape = (len(entries), *here.shape)
    jacobian = np.array([slope for slope, _ in pairs], float).reshape(shape)
    kinks = np.array([kink for _, kink in pairs], bool)
    exact = None if kinks.any() else _complex(function, p, entries, shape)
    if exact is not None:
        scale = max(float(np.abs(jacobian).max(initial=0.0)), 1e-12)
        if float(np.abs(exact - jacobian).max(initial=0.0)) <= ANALYTIC_WITHIN * scale:
            return Slopes(exact, kinks, True)
    return Slopes(jacobian, kinks, False)


def _difference(
    function: Function, p: Array, index: tuple[int, ...], here: Array
) -> tuple[Array, bool]:
    size = max(1.0, abs(float(p[index])))

    def at(shift: float) -> Array:
        moved = p.copy()
        moved[index] += shift
        return np.asarray(function(moved), float)

    h, s = WIDE * size, NARROW * size
    left, right = (here - at(-s)) / s, (at(s) - here) / s
    wide = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    narrow = (left + right) / 2
    scale = 1 + float(np.abs(narrow).max(initial=0.0))
    if float(np.abs(left - right).max(initial=0.0)) > 1e-4 * scale:
        return narrow, True
    if float(np.abs(wide - narrow).max(initial=0.0)) > 1e-6 * scale:
        # The wide step crosses a kink that a narrow one does not, or the curvature jumps here:
        # then the error is proportional to the step, and two steps cancel it.
        t = 10 * s
        return (4 * (at(t / 2) - at(-t / 2)) - (at(t) - at(-t))) / (2 * t), False
    return wide, False


def _complex(
    function: Function, p: Array, entries: Sequence[tuple[int, ...]], shape: tuple[int, ...]
) -> Array | None:
    """Return the derivatives by complex step, None where the code does not take complex numbers."""
    found = np.empty(shape)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")  # a discarded imaginary part is a warning, not an error
        try:
            for number, index in enumerate(entries):
                moved = p.astype(complex)
                moved[index] += 1j * IMAGINARY
                value = np.asarray(function(moved))
                if value.dtype.kind != "c":
                    return None
                found[number] = value.imag / IMAGINARY
        except Exception:  # whatever a user's code may raise on complex numbers
            return None
    return found if np.isfinite(found).all() else None
