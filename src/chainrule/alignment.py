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
