"""Pictures of samples in a terminal: two pixels in one character, five shades of grey."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.namespace import Array
from chainrule.plotting.weights import image_shape

SHADES = " ░▒▓█"
GAP = 3
SMALL = 14  # images below are drawn twice as large


def can_be_drawn(x: Array) -> bool:
    """Say whether samples (m, ...) are images that a terminal has room for."""
    shape = image_shape(x.shape[1:])
    return shape is not None and max(shape[:2]) <= 64


def draw(image: Array, low: float = 0.0, high: float = 1.0) -> list[str]:
    """Return the lines of a picture of (height, width), `low` being empty and `high` full.

    A character holds two pixels, one above the other: half a block where they differ clearly,
    else the shade of their mean.

    >>> draw(np.array([[0, 1], [1, 1]]))
    ['▄█']
    """
    grey = np.clip((image - low) / ((high - low) or 1.0), 0, 1)
    if len(grey) % 2:
        grey = np.vstack([grey, np.zeros((1, grey.shape[1]))])
    upper, lower = grey[::2], grey[1::2]
    shade = np.rint(0.5 * (upper + lower) * (len(SHADES) - 1)).astype(int)
    cells = np.array(list(SHADES))[shade]
    cells[(upper > 0.6) & (lower < 0.3)] = "▀"
    cells[(lower > 0.6) & (upper < 0.3)] = "▄"
    return ["".join(row) for row in cells]


def without_margin(images: Array) -> Array:
    """Return images (m, height, width) without the border that is empty in all of them."""
    ink = np.abs(images - images.min()).max(axis=0) > 0
    if not ink.any():
        return images
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return images[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def gallery(x: Array, captions: Sequence[str], width: int | None = None) -> str:
    """Return images (m, height, width[, colours]) side by side, each over its caption."""
    shape = image_shape(x.shape[1:])
    images = np.asarray(x, np.float64).reshape(len(x), *(shape or x.shape[1:]))
    if images.ndim == 4:
        images = images.mean(axis=3)
    low, high = float(images.min()), float(images.max())
    images = without_margin(images)
    if max(images.shape[1:]) < SMALL:
        images = images.repeat(2, axis=1).repeat(2, axis=2)
    room = (width or shutil.get_terminal_size((80, 24)).columns) + GAP
    cell = max(images.shape[2], *map(len, captions)) + GAP
    across = max(1, room // cell)
    blocks: list[str] = []
    for start in range(0, len(images), across):
        row = slice(start, start + across)
        pictures = [[*draw(image, low, high), text]
                    for image, text in zip(images[row], captions[row], strict=True)]  # fmt: skip
        lines = zip(*pictures, strict=True)
        blocks.append("\n".join("".join(part.ljust(cell) for part in line).rstrip()
                                for line in lines))  # fmt: skip
    return "\n\n".join(blocks)


def caption(answer: Any, truth: Any, sure: float | None) -> str:
    """Return what stands under a picture.

    >>> caption("7", "7", 0.998), caption("5", "3", 0.61)
    ('✓ 7 (100 %)', '✗ 5 (61 %), is 3')
    """
    share = "" if sure is None else f" ({100 * sure:.0f} %)"
    return f"✓ {answer}{share}" if str(answer) == str(truth) else f"✗ {answer}{share}, is {truth}"
