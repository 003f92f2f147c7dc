"""A formula with its letters exchanged for their numbers, in any form.

The walk over the tree is the language's own (`formulas.layout`); here a letter draws its array, and
`Boxes` sets matrices of several lines side by side for a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from chainrule.explaining import figures
from chainrule.formulas import Binary, Expression, Letter, Transpose
from chainrule.formulas.forms import Form
from chainrule.formulas.functions import Operation
from chainrule.formulas.layout import Layout, Piece
from chainrule.formulas.tree import walk
from chainrule.formulas.unicode import Unicode
from chainrule.namespace import Array


class NumberForm(Form, Protocol):
    """A form that can also draw arrays."""

    def matrix(self, cells: list[list[str]]) -> str: ...

    def elided(self, text: str) -> str: ...


@dataclass(frozen=True)
class NumberLayout(Layout):
    """A layout in which letters that have a value draw it."""

    values: Mapping[str, Array] = field(default_factory=dict)
    brackets: bool = False  # whether one number stands in brackets, as a matrix of one entry

    def piece(self, expression: Expression) -> Piece:
        match expression:
            case Transpose(Letter(name)) if name in self.values:
                return self.drawn(np.asarray(self.values[name]).T)
            case Letter(name) if name in self.values:
                return self.drawn(np.asarray(self.values[name]))
        return super().piece(expression)

    def drawn(self, value: Array) -> Piece:
        text = draw(self.form, value, self.brackets)  # type: ignore[arg-type]
        negative = value.size == 1 and not (self.brackets and value.ndim) and value.item() < 0
        return Piece(text, negative=bool(negative))


def draw(form: NumberForm, value: Array, brackets: bool) -> str:
    """Return an array in a form: written out where it is small, else its size and range."""
    value = np.asarray(value, float)
    if value.size == 1 and not (brackets and value.ndim):
        return form.minus(figures.scalar(-value.item())) if value.item() < 0 else figures.scalar(
            value.item()
        )  # fmt: skip
    if not figures.is_written_out(value):
        return form.elided(figures.elided(value))
    return form.matrix(figures.cells(value))


def has_matrix_product(expression: Expression) -> bool:
    """Say whether a formula multiplies matrices; then even one number is a matrix."""
    return any(isinstance(node, Binary) and node.operator == "@" for node in walk(expression))


# --- terminal: boxes of text -----------------------------------------------------------------


def height(text: str) -> int:
    """Return how many lines a box has."""
    return text.count("\n") + 1


def width(text: str) -> int:
    """Return how many columns a box has."""
    return max(map(len, text.split("\n")))


def beside(*boxes: str) -> str:
    """Return boxes side by side. Line (height − 1) // 2 of a box is the one it is read at.

    >>> print(beside("a = ", "⎡1⎤\\n⎣2⎦", " + b"))
    a = ⎡1⎤ + b
        ⎣2⎦
    """
    above = max((height(b) - 1) // 2 for b in boxes)
    below = max(height(b) - 1 - (height(b) - 1) // 2 for b in boxes)
    rows = [""] * (above + below + 1)
    for box in boxes:
        lines, wide = box.split("\n"), width(box)
        first = above - (len(lines) - 1) // 2
        for i in range(len(rows)):
            inside = 0 <= i - first < len(lines)
            rows[i] += (lines[i - first] if inside else "").ljust(wide)
    return "\n".join(row.rstrip() if i != above else row for i, row in enumerate(rows))


def bracketed(lines: list[str], left: str, right: str) -> str:
    """Return lines in tall brackets; `left` and `right` are top, middle, bottom and single."""
    if len(lines) == 1:
        return f"{left[3]}{lines[0]}{right[3]}"
    last = len(lines) - 1
    kinds = [0 if i == 0 else 2 if i == last else 1 for i in range(len(lines))]
    return "\n".join(left[k] + line + right[k] for k, line in zip(kinds, lines, strict=True))


def _several(text: Any) -> bool:
    return isinstance(text, str) and "\n" in text


class Boxes(Unicode):
    """Unicode text in which a matrix takes several lines."""

    def matrix(self, cells: list[list[str]]) -> str:
        widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
        lines = ["  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in cells]
        return bracketed(lines, "⎡⎢⎣[", "⎤⎥⎦]")

    def elided(self, text: str) -> str:
        return f"⟨{text}⟩"

    def _set(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call the one-line drawing with stand-ins for tall boxes, then set these in their place."""
        tall = {chr(0xE000 + i): a for i, a in enumerate(arguments) if _several(a)}
        if not tall:
            return method(*arguments)
        stand_ins = [chr(0xE000 + i) if _several(a) else a for i, a in enumerate(arguments)]
        line = method(*stand_ins)
        return None if line is None else self._filled(line, tall)

    def _filled(self, line: str, tall: Mapping[str, str]) -> str:
        parts, text = [], ""
        for character in line:
            if character in tall:
                parts += [text, tall[character]]
                text = ""
            else:
                text += character
        return beside(*(p for p in [*parts, text] if p))

    def parentheses(self, a: str) -> str:
        return bracketed(a.split("\n"), "⎛⎜⎝(", "⎞⎟⎠)") if _several(a) else f"({a})"

    def iverson(self, a: str) -> str:
        return bracketed(_padded(a), "⎡⎢⎣[", "⎤⎥⎦]") if _several(a) else f"[{a}]"

    def absolute(self, a: str) -> str:
        return bracketed(_padded(a), "││││", "││││")

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        return str(self._set(super().infix, a, sign, b, wide))

    def minus(self, a: str) -> str:
        return str(self._set(super().minus, a))

    def fraction(self, a: str, b: str) -> str:
        return str(self._set(super().fraction, a, b))

    def power(self, a: str, b: str, simple: bool) -> str:
        return str(self._set(super().power, a, b, simple))

    def transpose(self, a: str) -> str:
        return str(self._set(super().transpose, a))

    def root(self, a: str, simple: bool) -> str:
        return str(self._set(super().root, a, simple))

    def exponential(self, a: str) -> str | None:
        return None if _several(a) else super().exponential(a)

    def big(self, sign: str, under: str, a: str) -> str:
        return str(self._set(super().big, sign, under, a))

    def cases(self, condition: str, a: str, b: str) -> str:
        return str(self._set(super().cases, condition, a, b))

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        if not any(map(_several, arguments)):
            if len(arguments) == 1 and arguments[0].startswith("["):
                return (
                    super().call(function, prime, arguments).replace("([", "[").replace("])", "]")
                )
            return super().call(function, prime, arguments)
        name = function if isinstance(function, str) else function.unicode
        name += "′" * prime
        if len(arguments) == 1 and arguments[0].split("\n")[0][0] == "⎡":
            return beside(name, arguments[0])
        inner = beside(*(part for a in arguments for part in (a, ", ")))
        inner = "\n".join(line.rstrip(", ") if i == (height(inner) - 1) // 2 else line
                          for i, line in enumerate(inner.split("\n")))  # fmt: skip
        return beside(name, bracketed(_padded(inner), "⎛⎜⎝(", "⎞⎟⎠)"))

    def equation(self, a: str, arrow: bool, b: str) -> str:
        return str(self._set(super().equation, a, arrow, b))


def _padded(box: str) -> list[str]:
    wide = width(box)
    return [line.ljust(wide) for line in box.split("\n")]
