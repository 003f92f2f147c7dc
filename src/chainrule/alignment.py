"""Memory that begins at a multiple of 64 bytes: XLA uses such an array where it lies."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from chainrule.namespace import Array

BYTES = 64


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of undefined numbers whose memory begins at such a place.

    >>> aligned_empty((3, 5), "float32").ctypes.data % 64
    0
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + BYTES, np.uint8)
    first = -memory.ctypes.data % BYTES
    return memory[first : first + size].view(dtype).reshape(shape)


def aligned(array: Array) -> Array:
    """Return an array of this kind: itself, or a copy.

    NumPy's arrays seldom begin at such a place. XLA would copy them itself, at every use, and
    without the large pages that NumPy asks the system for: in five times as long.

    >>> aligned(np.arange(6.0)[1:]).ctypes.data % 64
    0
    """
    if array.ctypes.data % BYTES == 0 and array.flags.c_contiguous:
        return array
    copy = aligned_empty(array.shape, array.dtype)
    copy[...] = array
    return copy
