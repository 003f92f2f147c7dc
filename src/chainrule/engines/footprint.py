"""How many numbers a pass through a network keeps, and how many rows a prediction takes at a time.

A pass keeps what every layer has made, until its end. On NumPy a convolution also lays out the
patches of its input, one row for each position, and keeps them: they are most of it.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.tree import flatten

ROWS_AT_ONCE = 4096  # of a prediction; larger blocks are no faster,
NUMBERS_AT_ONCE = 1 << 23  # and with more numbers kept than these they are slower


class Kept(NamedTuple):
    """Numbers for one sample: outputs of all layers, patches of all, and those of the largest."""

    outputs: int
    patches: int
    largest: int


def kept(network: Layer, shape: Shape) -> Kept:
    """Return what one sample's pass keeps until its end.

    >>> from chainrule.layers import Conv2D, Dense, ReLU, Sequential
    >>> kept(Sequential(Dense(5), ReLU(), Dense(3)), (4,))
    Kept(outputs=13, patches=0, largest=0)
    >>> kept(Conv2D(8, 3), (6, 6, 2))  # 4 * 4 positions, each of 3 * 3 * 2 numbers
    Kept(outputs=128, patches=288, largest=288)
    """
    outputs, laid_out = 0, [0]
    for place in network.walk(shape):
        outputs += prod(place.output_shape)
        positions = prod(place.output_shape[:-1])  # of a convolution; 1 for a vector
        if positions > 1:
            specs = flatten(place.layer.parameters(place.input_shape)).values()
            laid_out += [positions * prod(s.shape[:-1]) for s in specs if len(s.shape) > 1]
    return Kept(outputs, sum(laid_out), max(laid_out))


@lru_cache(maxsize=64)
def rows_at_once(network: Layer, shape: Shape) -> int:
    """Return how many samples a prediction takes at a time, so that its memory is bounded.

    >>> from chainrule.layers import Dense
    >>> rows_at_once(Dense(10), (784,)), rows_at_once(Dense(10**6), (784,))
    (4096, 8)
    """
    outputs, patches, _ = kept(network, shape)
    return max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // max(outputs + patches, 1)))
