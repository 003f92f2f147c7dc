r"""LaTeX with matrices, for a page: amsmath alone is needed."""

from __future__ import annotations

import re

from chainrule.explaining.page_mathml import BREAK
from chainrule.explaining.tex import prose
from chainrule.formulas.functions import Operation
from chainrule.formulas.latex import Latex

_WIDEST = 10  # columns that a pmatrix or bmatrix takes without further settings
_TOKEN = re.compile(r"\\[{}]|\\left\b|\\right\b|\\begin\{\w+\}|\\end\{\w+\}|[{}]|" + BREAK)
_COMMAND = re.compile(r"\\(?:frac|begin\{\w+\}(?:\{\w+\})?|end\{\w+\}|left|right|mathrm|[a-zA-Z]+)")


class PageLatex(Latex):
    """LaTeX whose matrices stand in brackets, and whose operators say where a row may end."""

    def printed(self, text: str) -> str:
        """Return a printed number."""
        return {"…": r"\dots", "∞": r"\infty", "NaN": r"\mathrm{NaN}"}.get(
            text, text.replace("−", "-").replace("∞", r"\infty")
        )

    def blank(self) -> str:
        """Return an empty box to write into."""
        return r"\framebox[4.2em]{\rule{0pt}{1.4em}}"

    def matrix(self, cells: list[list[str]]) -> str:
        """Return an array in brackets, flushed right."""
        rows = r" \\ ".join(" & ".join(map(self.printed, row)) for row in cells)
        boxed = r"\framebox" in rows
        if not boxed and len(cells[0]) <= _WIDEST:
            return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
        rows = rows.replace(r" \\ ", r" \\[0.6em] ") if boxed else rows
        return rf"\left[\begin{{array}}{{{'r' * len(cells[0])}}} {rows} \end{{array}}\right]"

    def elided(self, text: str) -> str:
        """Return what stands for an array that is not written out."""
        return rf"\langle\text{{{prose(text)}}}\rangle"

    def entry(self, base: str, index: tuple[str, ...], brackets: bool) -> str:
        """Return a letter with an entry's index below it, or in brackets where a layer's is."""
        if brackets:
            return f"{base}[{','.join(index)}]"
        text = ("" if all(len(i) == 1 for i in index) else ",").join(index)
        return f"{base}_{{{text}}}"

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        joined = super().infix("", sign, b, wide).lstrip()
        return f"{a} {joined}" if not sign else f"{a} {BREAK}{joined}"

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        """Return f(x); a matrix alone needs no parentheses of its own."""
        whole = super().call(function, prime, arguments)
        if len(arguments) == 1 and is_one_matrix(arguments[0]):
            return whole.removesuffix(rf"\left({arguments[0]}\right)") + arguments[0]
        return whole


def is_one_matrix(text: str) -> bool:
    """Say whether a formula is a single matrix."""
    start, end = r"\begin{bmatrix}", r"\end{bmatrix}"
    return text.startswith(start) and text.endswith(end) and text.count(start) == 1


def rows_of(formula: str) -> list[str]:
    r"""Return the pieces of a formula between which a row may end; each begins with its operator.

    >>> rows_of("a " + BREAK + r"+ \left(b " + BREAK + r"+ c\right)")
    ['a ', '+ \\left(b + c\\right)']
    """
    pieces, depth, start = [], 0, 0
    for token in _TOKEN.finditer(formula):
        text = token.group()
        if text == BREAK:
            if depth == 0:
                pieces.append(formula[start : token.start()])
                start = token.end()
        elif text in ("{", r"\left") or text.startswith(r"\begin"):
            depth += 1
        elif text in ("}", r"\right") or text.startswith(r"\end"):
            depth -= 1
    return [p.replace(BREAK, "") for p in [*pieces, formula[start:]]]


def width(formula: str) -> int:
    """Return about how many characters wide a formula is set."""
    total = 0
    for piece in re.split(r"(\\begin\{(?:bmatrix|array)\}.*?\\end\{(?:bmatrix|array)\})", formula):
        if piece.startswith((r"\begin{bmatrix}", r"\begin{array}")):
            rows = piece.replace(r"\framebox[4.2em]{\rule{0pt}{1.4em}}", "_" * 9).split(r"\\")
            total += max(len(_COMMAND.sub("", row)) + 1 for row in rows) + 2
        else:
            fractions = piece.count(r"\frac")
            bare = _COMMAND.sub("x", piece)
            total += len(re.sub(r"[{}^_\s]", "", bare)) - 4 * fractions
    return total


def folded(formula: str, room: int) -> list[str]:
    """Return a formula as rows of about `room` characters, broken before its operators."""
    rows: list[str] = []
    for piece in rows_of(formula):
        if rows and width(rows[-1]) + width(piece) <= room:
            rows[-1] += piece
        else:
            rows.append(piece)
    return rows
