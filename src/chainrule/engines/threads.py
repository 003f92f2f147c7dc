"""Threads for matrix products on NumPy: one for small products, all of them for large ones.

NumPy's BLAS splits even small products over all cores, and its idle threads wait by spinning. On
an idle machine that gains up to a quarter for a product of 25 MFLOP; with anything else running it
can take ten times as long (docs/speed.md has the measurements). So small products run on one
thread; large ones have no more than the process may use (`machine.py`). The rule goes by counts: a
seed gives the same bits whatever else the machine does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from itertools import product
from math import prod
from threading import Lock
from typing import Any, NamedTuple

from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.machine import threads
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
    """Return a context in which products run on one thread where none is large.

    Large ones have as many as this process may use: CHAINRULE_THREADS, or its processors.
    """
    return LIMIT if largest <= SMALL else allowed()


def allowed() -> AbstractContextManager[Any]:
    """Return a context in which products have no more threads than this process may use."""
    return MOST if threads() < _most() else nullcontext()


def count() -> int:
    """Return how many threads a product that is `allowed` has at most."""
    return min(threads(), _most())


class Library(NamedTuple):
    """How to ask a BLAS library for its number of threads, and how to set it."""

    get: Callable[[], int]
    set: Callable[[int], Any]


class Limit:
    """A context that limits BLAS, once for all Python threads that are in it at a time.

    BLAS has one number for the whole process, and threadpoolctl's own `limit` collects a report at
    each call: the first to enter sets it, the last to leave puts
    back what was there.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        self.count, self.inside, self.lock = count, 0, Lock()
        self.before: list[tuple[Library, int]] = []

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                now = [(library, library.get()) for library in blas_libraries()]
                count = self.count()
                self.before = [(library, n) for library, n in now if n != count]
                for library, _ in self.before:
                    library.set(count)
            self.inside += 1

    def __exit__(self, *problem: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                for library, count in self.before:
                    library.set(count)


LIMIT = Limit(lambda: 1)
MOST = Limit(threads)


@cache
def _most() -> int:
    """Return the threads that BLAS took for itself."""
    return max((library.get() for library in blas_libraries()), default=1)


@cache
def blas_libraries() -> list[Library]:
    """Return the BLAS libraries that are loaded, looked for once."""
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().lib_controllers  # looks at the loaded libraries, once
    return [_calls(library) for library in found if library.user_api == "blas"]


def _calls(library: Any) -> Library:
    """Return the functions of a library that threadpoolctl has found.

    From OpenBLAS with threads of its own they are taken directly: since 3.8 threadpoolctl listens
    to one Python thread and ignores all others, while the lock of a `Limit` is for all.
    """
    if getattr(library, "threading_layer", "") == "pthreads":
        for prefix, suffix in product(("scipy_", ""), ("64_", "_64", "")):
            names = [f"{prefix}openblas_{do}_num_threads{suffix}" for do in ("get", "set")]
            if all(hasattr(library.dynlib, name) for name in names):
                return Library(*(getattr(library.dynlib, name) for name in names))
    return Library(library.get_num_threads, library.set_num_threads)
