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
from math import prod
from operator import add
from typing import NamedTuple

from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.namespace import Array, array_namespace

Size = int | tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
Padding = Size | Pads


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


def pads_per_axis(value: Padding, axes: int, name: str) -> Pads:
    """Return what lies before and after the entries of each axis; one number counts for both.

    >>> pads_per_axis(1, 2, "padding")
    ((1, 1), (1, 1))
    >>> pads_per_axis(((0, 1), (0, 1)), 2, "padding")
    ((0, 1), (0, 1))
    """
    if isinstance(value, tuple) and value and all(isinstance(pair, tuple) for pair in value):
        flat = [n for pair in value for n in pair]  # type: ignore[union-attr]
        whole = all(isinstance(n, int) and n >= 0 for n in flat)
        if not whole or len(value) != axes or {len(pair) for pair in value} != {2}:  # type: ignore[arg-type]
            raise ConfigurationError(
                f"{name} must be {axes} pairs (before, after) of whole numbers, got {value!r}"
            )
        return value  # type: ignore[return-value]
    return tuple((p, p) for p in per_axis(value, axes, 0, name))  # type: ignore[arg-type]


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
        for axis in reversed(range(len(self.kernel))):  # neighbours in the list differ in the last
            k = self.kernel[axis]
            rows = [parts[i : i + k] for i in range(0, len(parts), k)]
            parts = [self._along(axis, row, shape[axis + 1]) for row in rows]
        return parts[0]

    def _along(self, axis: int, parts: Sequence[Array], size: int) -> Array:
        """Return the sum of parts that differ by one step of the kernel along one axis."""
        xp, stride, (before, after) = array_namespace(parts[0]), self.stride[axis], self.pads[axis]
        # Entries of one phase (their index modulo the stride) form an array without gaps.
        cells = -(-(size + before + after) // stride)
        phases: list[Array] = []
        for phase in range(stride):
            shifted = [_shifted(p, axis + 1, i, cells) for i, p in enumerate(parts[phase::stride])]
            phases.append(reduce(add, shifted) if shifted else xp.zeros_like(phases[0]))
        joined = xp.stack(phases, axis=axis + 2) if stride > 1 else phases[0]
        whole = (*phases[0].shape[: axis + 1], cells * stride, *phases[0].shape[axis + 2 :])
        return joined.reshape(whole)[_cut(axis + 1, before, size)]

    def place(self, choice: Array, values: Array, shape: Shape) -> Array:
        """Return an array of this shape with each window's value at the position of its choice."""
        xp, d = array_namespace(values), len(self.kernel)
        if self.kernel != self.stride or any(map(any, self.pads)):
            chosen = [(choice == i) * values for i in range(prod(self.kernel))]
            return self.fold(chosen, shape)
        # Windows that tile the input: one comparison for each of its entries, nothing to add.
        axes = tuple(2 * axis + 2 for axis in range(d))
        order = [n for k in self.kernel for n in (1, k)]
        positions = xp.arange(prod(self.kernel), dtype=choice.dtype).reshape(*order, 1)
        hit = xp.expand_dims(choice, axes) == positions
        tiles = hit * xp.expand_dims(values, axes)
        covered = tuple(n * k for n, k in zip(values.shape[1:-1], self.kernel, strict=True))
        rest = [(0, n - c) for n, c in zip(shape[1:-1], covered, strict=True)]
        tiled = tiles.reshape(values.shape[0], *covered, values.shape[-1])
        return xp.pad(tiled, ((0, 0), *rest, (0, 0))) if any(map(any, rest)) else tiled


def _every(start: int, stride: int, count: int) -> slice:
    return slice(start, start + stride * (count - 1) + 1, stride)


def _cut(axis: int, start: int, size: int) -> tuple[slice, ...]:
    return (*(slice(None) for _ in range(axis)), slice(start, start + size))


def _shifted(part: Array, axis: int, before: int, size: int) -> Array:
    """Return the part with zeros before and after it along one axis, `size` entries in all."""
    after = size - before - part.shape[axis]
    if before == after == 0:
        return part
    pads = [(before, after) if i == axis else (0, 0) for i in range(part.ndim)]
    return array_namespace(part).pad(part, pads)
