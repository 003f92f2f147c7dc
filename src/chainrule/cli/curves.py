"""Curves in a terminal, drawn with braille dots: two across and four down in a character."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def curves(
    training: Sequence[float],
    validation: Sequence[float] = (),
    name: str = "loss",
    width: int = 60,
    height: int = 12,
) -> str:
    """Return the curve of training, and that of validation as dots, over the epochs.

    >>> print(curves([4.0, 2.0, 1.0, 0.0], width=4, height=2))
    4.000 ┤⠱⡀
    0.000 ┤ ⠈⠢⢄
          └────
           1..4 epoch; ⠤ loss
    """
    both = [*training, *validation]
    low, high = min(both), max(both)
    cells = np.zeros((height, width), np.int64)
    for values, every in ((training, 1), (validation, 3)):
        _trace(cells, values, len(training), low, high, every)
    rows = ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in cells.tolist()]
    labels = {0: f"{high:.3f}", height - 1: f"{low:.3f}"}
    margin = max(map(len, labels.values()))
    lines = [f"{labels.get(i, ''):>{margin}} ┤{row}".rstrip() for i, row in enumerate(rows)]
    lines.append(f"{'':>{margin}} └{'─' * width}")
    key = f"⠤ {name}" + (f", ⠄ validation {name}" if validation else "")
    lines.append(f"{'':>{margin}}  1..{len(training)} epoch; {key}")
    return "\n".join(lines)


def _trace(
    cells: np.ndarray, values: Sequence[float], epochs: int, low: float, high: float, every: int
) -> None:
    """Set the dots of one curve, each `every`-th of them; it ends at the last epoch."""
    if not values:
        return
    across, down = cells.shape[1] * 2, cells.shape[0] * 4
    first = epochs - len(values)
    columns = np.arange(across)
    epoch = columns * (max(epochs - 1, 1) / max(across - 1, 1))
    height = np.interp(epoch, np.arange(first, epochs), values)
    dots = np.rint((high - height) / ((high - low) or 1.0) * (down - 1)).astype(int)
    for column in columns[(epoch >= first) & (columns % every == 0)].tolist():
        upper = lower = dots[column]
        if every == 1 and column:  # close the gap to the dot before
            lower, upper = sorted((dots[column], dots[column - 1]))
            lower += lower < upper and dots[column] > dots[column - 1]
        for dot in range(lower, upper + 1):
            cells[dot // 4, column // 2] |= DOTS[column % 2][dot % 4]
