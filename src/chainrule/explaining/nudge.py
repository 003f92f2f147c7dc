"""The numeric check beside each gradient: [J(p + ε) − J(p − ε)] / 2ε."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10

import numpy as np

from chainrule.namespace import Array
from chainrule.randomness import permutation

SHARES = (1.0, 0.05, 0.0025)  # of the first step, where a kink is nearer than that
ENOUGH = 1e-7
ENTRIES = 64  # smaller arrays are checked whole, larger ones at this many entries


def nudge(
    value: Callable[[Array], float], p: Array, index: tuple[int, ...], share: float = 1.0
) -> float:
    """Return the slope of `value` along one entry of p, by the central difference of order 4.

    `share` makes the step smaller, to get past a kink such as ReLU's.

    >>> round(nudge(lambda p: float((p**3).sum()), np.array([2.0, 1.0]), (0,)), 9)
    12.0
    """
    eps = 2e-3 * share * max(1.0, abs(float(p[index])))

    def at(shift: float) -> float:
        moved = p.copy()
        moved[index] += shift
        return value(moved)

    near, far = at(eps) - at(-eps), at(2 * eps) - at(-2 * eps)
    return (8 * near - far) / (12 * eps)


def nearest(
    value: Callable[[Array], float], p: Array, index: tuple[int, ...], exact: float
) -> float:
    """Return the nudge that agrees best with `exact`, over steps that get past a near kink."""
    found = nudge(value, p, index)
    scale = max(abs(exact), 1e-3)
    for share in SHARES[1:]:
        if abs(found - exact) < ENOUGH * scale:
            break
        found = min(found, nudge(value, p, index, share), key=lambda slope: abs(slope - exact))
    return found


def digits(value: Callable[[Array], float], p: Array, gradient: Array) -> int:
    """Return to how many digits the worst entry of a gradient agrees with its nudge."""
    chosen = np.arange(p.size)
    if p.size > ENTRIES:
        largest = np.argsort(-np.abs(gradient).ravel(), kind="stable")[: ENTRIES // 4]
        others = permutation(0, 0, p.size)[: ENTRIES // 4]
        chosen = np.concatenate([largest, others])
    scale = float(np.abs(gradient).max()) or 1.0
    worst = 0.0
    for flat in chosen:
        index = tuple(int(i) for i in np.unravel_index(int(flat), p.shape))
        exact = float(gradient[index])
        worst = max(worst, abs(nearest(value, p, index, exact) - exact) / scale)
    return 15 if worst == 0 else max(0, min(15, floor(-log10(worst))))
