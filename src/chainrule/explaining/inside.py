"""What lies inside an array that a page only names by its size: a picture and its first entries."""

from __future__ import annotations

from html import escape

import numpy as np

from chainrule.explaining import figures
from chainrule.explaining.heat import folded, picture
from chainrule.explaining.page import Line
from chainrule.namespace import Array

WHOLE = 160  # entries that are listed in full
CORNER = 8
LARGEST = 5


class Insides:
    """Opens each large array of a page once, at the line where it first appears."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def of(self, line: Line, shown: dict[str, str]) -> str:
        """Return the `<details>` of a line; `shown` gives the markup of the names."""
        arrays = {**line.values, line.left: line.result}
        parts = []
        for name, value in arrays.items():
            array = np.asarray(value, float)
            if line.blank or name in self.seen or array.size == 0 or figures.is_written_out(array):
                continue
            self.seen.add(name)
            parts.append((shown.get(name, escape(name)), array))
        if not parts:
            return ""
        names = ", ".join(name for name, _ in parts)
        body = "".join(figure(name, array) for name, array in parts)
        return f"<details><summary>Look inside {names}</summary>{body}</details>"


def figure(name: str, array: Array) -> str:
    """Return one array: picture, range, its largest entries and the first or all of them."""
    order = np.argsort(-np.abs(array), axis=None, kind="stable")[:LARGEST]
    places = [np.unravel_index(int(i), array.shape) for i in order]
    largest = ", ".join(
        f"[{','.join(str(int(i) + 1) for i in place)}] {figures.scalar(float(array[place]))}"
        for place in places
    )
    grid = folded(array)
    fold = ""
    if array.ndim > 2 or grid.shape != np.atleast_2d(array).shape:
        fold = f", drawn {grid.shape[0]}×{grid.shape[1]}"
    return (
        f'<figure><div class="scroll" tabindex="0">{picture(array, "heat map")}</div>'
        f"<figcaption>{name} {escape(figures.elided(array))}{fold}. "
        f"Blue is negative, orange positive. Largest: {largest}.</figcaption>"
        f"{entries(array)}</figure>"
    )


def entries(array: Array) -> str:
    """Return the entries as a table, a corner of them where they are many."""
    flat = array.reshape(-1, array.shape[-1]) if array.ndim > 2 else np.atleast_2d(array)
    column = flat.shape[1] == 1 and flat.shape[0] > CORNER
    if column:  # read along the row, ten to a line
        flat = flat.T
    whole = array.ndim <= 2 and array.size <= WHOLE and (flat.shape[1] <= 16 or column)
    if whole and flat.shape[0] == 1:
        said = "All entries, in order:"
        text = "  ".join(figures.cells(flat)[0])
        return f"<p>{said}</p><pre>{escape(text)}</pre>"
    part = flat if whole else flat[:CORNER, :CORNER]
    cells = figures.cells(part)
    wide = max(len(c) for row in cells for c in row)
    more = " …" * (part.shape[1] < flat.shape[1])
    rows = "\n".join("  ".join(c.rjust(wide) for c in row) + more for row in cells)
    rows += "\n …" * (part.shape[0] < flat.shape[0])
    said = "All entries:" if whole else "The first entries:"
    return f'<p>{said}</p><pre tabindex="0">{escape(rows)}</pre>'
