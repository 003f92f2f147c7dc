"""Threads for matrix products on NumPy: one for small products, all of them for large ones.

NumPy's BLAS splits even small products over all cores, and its idle threads wait by spinning. On
an idle machine that gains up to a quarter for a product of 25 MFLOP; with anything else running it
can take ten times as long (docs/speed.md has the measurements). So small products run on one
thread. The rule goes by counts: a seed gives the same bits whatever else the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from math import prod
from typing import Any

from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.tree import flatten

SMALL = 64e6  # floating-point operations of a product that one thread does best


def largest_product(network: Layer, shape: Shape, batch_size: int) -> float:
    """Return the floating-point operations of the largest forward product of one minibatch.

    >>> from chainrule.layers import Dense
    >>> largest_product(Dense(128), (784,), 32)
    6422528.0
    """
    largest = 0.0
    for place in network.walk(shape):
        positions = prod(place.output_shape[:-1])  # of a convolution; 1 for a vector
        weights = flatten(place.layer.parameters(place.input_shape)).values()
        for spec in weights:
            largest = max(largest, 2.0 * batch_size * positions * prod(spec.shape))
    return largest


def product_threads(largest: float) -> AbstractContextManager[Any]:
    """Return a context in which products run on one thread, where none is large."""
    return nullcontext() if largest > SMALL else _one_thread()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Like threadpoolctl's `limit`, which collects a report of every library at each call."""
    libraries = _libraries()
    before = [library.get_num_threads() for library in libraries]
    changed = [pair for pair in zip(libraries, before, strict=True) if pair[1] != 1]
    for library, _ in changed:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, count in changed:
            library.set_num_threads(count)


@cache
def _libraries() -> list[Any]:
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().lib_controllers  # looks at the loaded libraries, once
    return [library for library in found if library.user_api == "blas"]
