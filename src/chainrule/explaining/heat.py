"""A picture of a large array: one pixel an entry, blue below 0, orange above, clear at 0.

The picture is a PNG with a palette (RFC 2083), written here in a few lines because a page must not
need an imaging library; where 0 is, the page shows through, so it fits light and dark.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from math import ceil, isqrt

import numpy as np

from chainrule.namespace import Array

WIDEST, TALLEST = 256, 160  # pixels; what is larger is averaged in blocks
NEGATIVE, POSITIVE = (33, 102, 214), (224, 98, 20)


def folded(values: Array) -> Array:
    """Return an array as a grid: images side by side, a long vector in rows of one length.

    >>> folded(np.zeros((784, 1))).shape, folded(np.zeros((2, 28, 28))).shape
    ((28, 28), (28, 57))
    """
    values = np.asarray(values, float)
    if values.ndim > 2:
        images = values.reshape(-1, *values.shape[-2:])[: max(1, WIDEST // values.shape[-1])]
        gap = np.zeros((images.shape[1], 1))
        parts = [part for image in images for part in (image, gap)]
        return np.concatenate(parts[:-1], axis=1)
    if values.size > 64 and min(np.atleast_2d(values).shape) == 1:
        side = isqrt(values.size)
        wide = side if side * side == values.size else min(values.size, 64)
        flat = values.ravel()
        return np.pad(flat, (0, -values.size % wide)).reshape(-1, wide)
    return np.atleast_2d(values)


def shrunk(grid: Array) -> Array:
    """Return the grid no larger than a picture may be: blocks become their largest entry."""
    for axis, most in ((0, TALLEST), (1, WIDEST)):
        block = ceil(grid.shape[axis] / most)
        if block > 1:
            starts = np.arange(0, grid.shape[axis], block)
            high = np.maximum.reduceat(grid, starts, axis)
            low = np.minimum.reduceat(grid, starts, axis)
            grid = np.where(high >= -low, high, low)
    return grid


def png(values: Array) -> bytes:
    r"""Return the picture of a grid.

    >>> png(np.eye(2))[:4]
    b'\x89PNG'
    """
    finite = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(finite).max()) or 1.0
    level = np.round(finite / largest * 127).astype(int) + 127  # 0 … 254, clear at 127
    colours = b"".join(bytes(NEGATIVE if i < 127 else POSITIVE) for i in range(255))
    clear = bytes(min(255, 2 * abs(i - 127) + 1) if i != 127 else 0 for i in range(255))
    height, width = level.shape
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in level)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", colours),
        (b"tRNS", clear),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def picture(values: Array, alternative: str) -> str:
    """Return an `<img>` that holds the picture of any array."""
    grid = shrunk(folded(values))
    height, width = grid.shape
    data = b64encode(png(grid)).decode()
    zoom = max(1, min(12, 336 // max(height, width)))
    return (
        f'<img class="heat" alt="{alternative}" width="{width * zoom}" height="{height * zoom}" '
        f'src="data:image/png;base64,{data}">'
    )
