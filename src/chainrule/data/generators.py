"""Small sets made by formula: the logic gate, two moons, two circles, spirals.

Every number is a hash of (seed, name, sample): the same call gives the same samples on every
machine, and the first n samples of a larger set are not the smaller set (positions shift).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigurationError
from chainrule.randomness import Rng

Array = NDArray[Any]


def _at_least(name: str, n: int, least: int) -> None:
    if n < least:
        raise ConfigurationError(f"{name}: expected n of at least {least}, got {n}")


def _finished(rng: Rng, x: Array, y: Array, noise: float) -> tuple[Array, Array]:
    """Return (x + noise·N(0, 1) as float32, y as int64)."""
    if not noise >= 0:
        raise ConfigurationError(f"noise: expected a number of 0 or more, got {noise:g}")
    if noise > 0:
        x = x + noise * rng.at("noise").normal(x.shape)
    return x.astype(np.float32), y.astype(np.int64)


def make_xor(n: int = 4, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Return x (n, 2), y (n,): y = 1 where exactly one of the two inputs is 1.

    With n = 4 the four rows of the truth table, exactly; with more, the rows in turn plus
    noise·N(0, 1). The problem a single neuron cannot solve (Minsky and Papert,
    "Perceptrons", 1969).

    >>> x, y = make_xor()
    >>> x.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    _at_least("make_xor", n, 4)
    row = np.arange(n) % 4
    x = np.stack([row // 2, row % 2], axis=1)
    return _finished(Rng(seed).at("xor"), x, row // 2 ^ row % 2, noise if n > 4 else 0.0)


def make_moons(n: int = 1000, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Return x (n, 2), y (n,): two half circles that reach into each other.

    With t uniform in [0, π): class 0 is (cos t, sin t), class 1 is (1 − cos t, ½ − sin t),
    plus noise·N(0, 1). Classes take turns.

    >>> x, y = make_moons(100, noise=0)
    >>> x.shape, bool((x[y == 0, 1] >= 0).all())
    ((100, 2), True)
    """
    _at_least("make_moons", n, 2)
    rng = Rng(seed).at("moons")
    y = np.arange(n) % 2
    t = np.pi * rng.at("angle").uniform((n,))
    lower = y == 1
    x = np.stack(
        [np.where(lower, 1 - np.cos(t), np.cos(t)), np.where(lower, 0.5 - np.sin(t), np.sin(t))],
        axis=1,
    )
    return _finished(rng, x, y, noise)


def make_circles(
    n: int = 1000, noise: float = 0.05, seed: int = 0, factor: float = 0.5
) -> tuple[Array, Array]:
    """Return x (n, 2), y (n,): a circle of radius 1 (class 0) around one of radius `factor`.

    With t uniform in [0, 2π): r·(cos t, sin t), plus noise·N(0, 1). Classes take turns.

    >>> x, y = make_circles(10, noise=0)
    >>> np.hypot(*x.T).round(3).tolist()[:4]
    [1.0, 0.5, 1.0, 0.5]
    """
    _at_least("make_circles", n, 2)
    if not 0 < factor < 1:
        raise ConfigurationError(f"factor: expected a number between 0 and 1, got {factor:g}")
    rng = Rng(seed).at("circles")
    y = np.arange(n) % 2
    t = 2 * np.pi * rng.at("angle").uniform((n,))
    r = np.where(y == 1, factor, 1.0)
    return _finished(rng, np.stack([r * np.cos(t), r * np.sin(t)], axis=1), y, noise)


def make_spirals(
    n: int = 1000, noise: float = 0.02, seed: int = 0, arms: int = 3, turns: float = 0.75
) -> tuple[Array, Array]:
    """Return x (n, 2), y (n,): one spiral arm per class, turned against each other.

    With r uniform in [0, 1): angle a = 2π(turns·r + class/arms), point r·(cos a, sin a), plus
    noise·N(0, 1). Classes take turns.

    >>> x, y = make_spirals(9, noise=0)
    >>> x.shape, y.tolist()
    ((9, 2), [0, 1, 2, 0, 1, 2, 0, 1, 2])
    """
    if arms < 2:
        raise ConfigurationError(f"arms: expected at least 2, got {arms}")
    _at_least("make_spirals", n, arms)
    rng = Rng(seed).at("spirals")
    y = np.arange(n) % arms
    r = rng.at("radius").uniform((n,))
    a = 2 * np.pi * (turns * r + y / arms)
    return _finished(rng, np.stack([r * np.cos(a), r * np.sin(a)], axis=1), y, noise)
