"""Formulas with matrices on a terminal: boxes of text of several lines, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chainrule.formulas.functions import Operation
from chainrule.formulas.unicode import Unicode, subscript


def height(text: str) -> int:
    """Return how many lines a box has."""
    return text.count("\n") + 1


def width(text: str) -> int:
    """Return how many columns a box has."""
    return max(map(columns, text.split("\n")))


def columns(line: str) -> int:
    """Return how many columns a line takes: a combining mark takes none."""
    return sum(not 0x300 <= ord(c) < 0x370 for c in line)


def beside(*boxes: str) -> str:
    r"""Return boxes side by side. Line (height − 1) // 2 of a box is the one it is read at.

    >>> print(beside("a = ", "⎡1⎤\n⎣2⎦", " + b"))
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
            line = lines[i - first] if inside else ""
            rows[i] += line + " " * (wide - columns(line))
    return "\n".join(row.rstrip() if i != above else row for i, row in enumerate(rows))


def bracketed(lines: list[str], left: str, right: str) -> str:
    """Return lines in tall brackets; `left` and `right` are top, middle, bottom and single."""
    if len(lines) == 1:
        return f"{left[3]}{lines[0]}{right[3]}"
    last = len(lines) - 1
    kinds = [0 if i == 0 else 2 if i == last else 1 for i in range(len(lines))]
    return "\n".join(left[k] + line + right[k] for k, line in zip(kinds, lines, strict=True))


def padded(box: str) -> list[str]:
    """Return the lines of a box, all of one width."""
    wide = width(box)
    return [line + " " * (wide - columns(line)) for line in box.split("\n")]


def _several(text: Any) -> bool:
    return isinstance(text, str) and "\n" in text


class Boxes(Unicode):
    """Unicode text in which a matrix takes several lines."""

    def matrix(self, cells: list[list[str]]) -> str:
        """Return cells in brackets, flushed right."""
        widths = [max(columns(row[j]) for row in cells) for j in range(len(cells[0]))]
        lines = [
            "  ".join(" " * (w - columns(c)) + c for c, w in zip(row, widths, strict=True))
            for row in cells
        ]
        return bracketed(lines, "⎡⎢⎣[", "⎤⎥⎦]")

    def elided(self, text: str) -> str:
        """Return what stands for an array that is not written out."""
        return f"⟨{text}⟩"

    def printed(self, text: str) -> str:
        """Return a printed number as it is."""
        return text

    def blank(self) -> str:
        """Return the room for a number to be written by hand."""
        return "________"

    def entry(self, base: str, index: tuple[str, ...], brackets: bool) -> str:
        """Return a letter with an entry's index: w₂₁, or w₁[2,1] where the layer is below too."""
        lowered = subscript("".join(index)) if all(len(i) == 1 for i in index) else None
        if brackets or lowered is None:
            return f"{base}[{','.join(index)}]"
        return base + lowered

    def _set(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call the one-line drawing with stand-ins for tall boxes, then set these in."""
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
        return bracketed(padded(a), "⎛⎜⎝(", "⎞⎟⎠)") if _several(a) else f"({a})"

    def iverson(self, a: str) -> str:
        return bracketed(padded(a), "⎡⎢⎣[", "⎤⎥⎦]") if _several(a) else f"[{a}]"

    def absolute(self, a: str) -> str:
        return bracketed(padded(a), "││││", "││││")

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
        alone = len(arguments) == 1
        if not any(map(_several, arguments)):
            text = super().call(function, prime, arguments)
            if alone and arguments[0].startswith(("[", "⟨")):
                return (
                    text.replace("([", "[").replace("])", "]").replace("(⟨", "⟨").replace("⟩)", "⟩")
                )
            return text
        name = function if isinstance(function, str) else function.unicode
        name += "′" * prime
        if alone and arguments[0].split("\n")[0][0] == "⎡" and _whole(arguments[0]):
            return beside(name, arguments[0])
        parts = [part for a in arguments for part in (a, ", ")][:-1]
        return beside(name, bracketed(padded(beside(*parts)), "⎛⎜⎝(", "⎞⎟⎠)"))

    def equation(self, a: str, arrow: bool, b: str) -> str:
        return str(self._set(super().equation, a, arrow, b))


def _whole(box: str) -> bool:
    """Say whether a box is one matrix, in its own brackets."""
    first = box.split("\n")[0].rstrip()
    return first.startswith("⎡") and first.endswith("⎤") and first.count("⎡") == 1
