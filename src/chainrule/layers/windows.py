"""Windows that slide over images and sequences: what convolution and pooling have in common.

For X (m, *size, c) a window has one entry per position in the kernel. `parts` gives, position by
position, the entries that all windows have there, each (m, *places, c): slices of X, nothing
else. `fold` is its transpose: every part is added back to where it was taken from. Both are plain
slices, pads and sums, which a compiler joins into single passes over memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import add
from typing import NamedTuple

from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.namespace import Array, array_namespace

Size = int | tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def per_axis(value: Size, axes: int, least: int, name: str) -> tuple[int, ...]:
    """Return one whole number per axis; a single one counts for all.

    >>> per_axis(3, 2, 1, "kernel")
    (3, 3)
    """
    sizes = value if isinstance(value, tuple) else (value,) * axes
    if len(sizes) != axes or not all(isinstance(n, int) and n >= least for n in sizes):
        kind = "positive integer" if least else "whole number of 0 or more"
        raise ConfigurationError(f"{name} must be a {kind}, or {axes} of them, got {value!r}")
    return sizes


class Windows(NamedTuple):
    """Windows of size `kernel`, every `stride` entries, over an input with `pads` around it.

    >>> import numpy as np
    >>> windows, X = Windows((2,), (2,), ((0, 0),)), np.arange(5.0).reshape(1, 5, 1)
    >>> [part.ravel().tolist() for part in windows.parts(X)]
    [[0.0, 2.0], [1.0, 3.0]]
    >>> windows.fold(windows.parts(X), X.shape).ravel()
    array([0., 1., 2., 3., 0.])
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pads: Pads

    def places(self, size: Shape) -> Shape:
        """Return how many windows there are along each axis."""
        return tuple(
            (n + sum(pads) - k) // s + 1
            for n, k, s, pads in zip(size, self.kernel, self.stride, self.pads, strict=True)
        )

    def parts(self, X: Array, fill: float = 0.0) -> list[Array]:
        """Return the entries at each position of the kernel; `fill` is what lies around X."""
        if any(map(any, self.pads)):
            pads = ((0, 0), *self.pads, (0, 0))
            X = array_namespace(X).pad(X, pads, constant_values=fill)
        places = self.places_padded(X.shape[1:-1])
        return [
            X[(slice(None), *map(_every, at, self.stride, places))]
            for at in product(*map(range, self.kernel))
        ]

    def places_padded(self, size: Shape) -> Shape:
        """Return how many windows there are along each axis of an input that has its pads."""
        return self._replace(pads=((0, 0),) * len(size)).places(size)

    def fold(self, parts: Sequence[Array], shape: Shape) -> Array:
        """Return an array of this shape, every part added to where `parts` took it from."""
        xp, size = array_namespace(parts[0]), shape[1:-1]
        whole = tuple(n + sum(p) for n, p in zip(size, self.pads, strict=True))
        # Entries of one phase (their index modulo the stride) form an array without gaps.
        cells = tuple(-(-n // s) for n, s in zip(whole, self.stride, strict=True))
        phases: dict[tuple[int, ...], list[Array]] = {}
        for part, at in zip(parts, product(*map(range, self.kernel)), strict=True):
            phase, shift = zip(*map(divmod_reversed, at, self.stride), strict=True)
            after = (
                n - before - p for n, before, p in zip(cells, shift, part.shape[1:-1], strict=True)
            )
            pads = ((0, 0), *zip(shift, after, strict=True), (0, 0))
            shifted = xp.pad(part, pads) if any(map(any, pads)) else part
            phases.setdefault(phase, []).append(shifted)
        nothing = xp.zeros_like(next(iter(phases.values()))[0])
        sums = [
            reduce(add, phases.get(phase, [nothing])) for phase in product(*map(range, self.stride))
        ]
        Y = interleaved(sums, self.stride)
        crop = (slice(before, before + n) for n, (before, _) in zip(size, self.pads, strict=True))
        return Y[(slice(None), *crop)]


def _every(start: int, stride: int, count: int) -> slice:
    return slice(start, start + stride * (count - 1) + 1, stride)


def divmod_reversed(position: int, stride: int) -> tuple[int, int]:
    """Return (position modulo stride, position over stride)."""
    over, modulo = divmod(position, stride)
    return modulo, over


def interleaved(phases: Sequence[Array], stride: tuple[int, ...]) -> Array:
    """Return the array whose entries at every stride-th index, from each phase on, are given.

    >>> import numpy as np
    >>> interleaved([np.array([[[1], [3]]]), np.array([[[2], [4]]])], (2,)).ravel()
    array([1, 2, 3, 4])
    """
    if len(phases) == 1:
        return phases[0]
    xp = array_namespace(phases[0])
    # The last axis first: neighbours in the list differ in it.
    for axis in reversed(range(len(stride))):
        s = stride[axis]
        joined = []
        for i in range(0, len(phases), s):
            stacked = xp.stack(phases[i : i + s], axis=axis + 2)
            shape = list(phases[i].shape)
            shape[axis + 1] *= s
            joined.append(stacked.reshape(shape))
        phases = joined
    return phases[0]
