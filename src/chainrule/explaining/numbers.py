"""A page's formulas in any form: in letters, and with the letters exchanged for their numbers.

The walk over the tree is the language's own (`formulas.layout`). `written` gives a formula in
letters, `numbers` the last formula of a line with its numbers, `drawn` an array; a form (boxes of
text, LaTeX, MathML) adds to `formulas.forms.Form` how a matrix, an elided array and an entry look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.explaining import figures
from chainrule.explaining.entries import Dots, Entry, Grid, Partial, Sum
from chainrule.explaining.page import Line
from chainrule.formulas import (
    Binary,
    Expression,
    Functions,
    Letter,
    Letters,
    Number,
    Transpose,
    evaluate,
)
from chainrule.formulas.forms import Form
from chainrule.formulas.layout import Layout, Piece
from chainrule.formulas.letters import Symbol
from chainrule.formulas.tree import walk
from chainrule.namespace import Array

_PRODUCT, _SCRIPTED = 2, 3  # levels of `formulas.layout`


class PageForm(Form, Protocol):
    """A form that can also draw arrays and entries."""

    def matrix(self, cells: list[list[str]]) -> str: ...

    def elided(self, text: str) -> str: ...

    def printed(self, text: str) -> str: ...

    def blank(self) -> str: ...

    def entry(self, base: str, index: tuple[str, ...], brackets: bool) -> str: ...


@dataclass(frozen=True)
class PageLayout(Layout):
    """A layout that knows what the letters are worth; with `put_in` it draws that instead."""

    values: Mapping[str, Array] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    samples: str = "rows"
    put_in: bool = False
    brackets: bool = False  # whether one number stands in brackets, as a matrix of one entry

    def piece(self, expression: Expression) -> Piece:
        match expression:
            case Entry():
                return self.entry(expression, "")
            case Partial(top, bottom):
                return self.partial(top, bottom)
            case Sum(index, body):
                inner = self.fenced(self.piece(body), _PRODUCT)
                text = self.form.big("Σ", index, inner.text)
                return Piece(text, _PRODUCT, "big", open=True)
            case Grid(rows):
                return Piece(self.page_form.matrix([[self.piece(c).text for c in r] for r in rows]))
            case Dots():
                return Piece(self.page_form.printed("…"))
        if self.put_in:
            match expression:
                case Transpose(Letter(name)) if name in self.values:
                    return self.number(np.asarray(self.values[name]).T, name in self.given)
                case Letter(name) if name in self.values:
                    return self.number(np.asarray(self.values[name]), name in self.given)
                case Binary("-", Number(1), Letter(name)) if name in self.values:
                    value = 1 - np.asarray(self.values[name])
                    if figures.is_written_out(value):  # 1 − 0.5902 is shown as 0.4098
                        return self.number(value, name in self.given)
        return super().piece(expression)

    @property
    def page_form(self) -> PageForm:
        """The form, which can draw arrays."""
        return self.form  # type: ignore[return-value]

    def number(self, value: Array, given: bool) -> Piece:
        text = drawn(self.page_form, value, self.brackets, given, short=True)
        negative = value.size == 1 and not (self.brackets and value.ndim) and value.item() < 0
        return Piece(text, negative=bool(negative))

    def entry(self, entry: Entry | Letter, prefix: str) -> Piece:
        """Return an entry, its letter made small: a₂ for an entry of A₂."""
        symbol = self.letters.symbol(entry.name)
        if isinstance(entry, Entry) and len(symbol.base) == 1 and entry.name not in ("L", "J"):
            symbol = replace(symbol, base=symbol.base.lower())
        way = self.letters.index if symbol.index else "subscript"
        text = self.form.symbol(symbol, prefix, way)
        return Piece(self.indexed(text, entry))

    def indexed(self, text: str, entry: Entry | Letter) -> str:
        """Return a letter with its entry's index, in brackets where layers are below the line."""
        index = entry.index if isinstance(entry, Entry) else ()
        brackets = self.letters.index == "subscript"
        return self.page_form.entry(text, tuple(map(str, index)), brackets) if index else text

    @property
    def mark(self) -> str:
        """∂, or the board's straight d."""
        return "d" if self.letters.gradient == "dL/dW" else "∂"

    def partial(self, top: Expression, bottom: Entry | Letter) -> Piece:
        if isinstance(top, Entry | Letter):
            over = self.entry(top, self.mark).text
        else:
            over = self.form.symbol(Symbol(self.mark), "", "") + self.piece(top).text
        under = self.entry(bottom, self.mark).text
        text = self.form.fraction(over, under)
        return Piece(text, _SCRIPTED if self.form.stacked else _PRODUCT, "gradient")

    def is_scalar(self, expression: Expression) -> bool:
        match expression:
            case Entry() | Partial() | Sum() | Dots():
                return True
            case Letter(name) if self.put_in and name in self.values:
                return np.size(self.values[name]) == 1
        return super().is_scalar(expression)

    def big(self, name: str, argument: Expression) -> Piece:
        if not self.single(name, argument):
            return super().big(name, argument)
        inner = self.fenced(self.piece(argument), _PRODUCT)
        if not self.put_in:
            inner = replace(inner, text=self.form.big("Σ", "", inner.text))
        return replace(inner, level=_PRODUCT, open=True)

    def single(self, name: str, argument: Expression) -> bool:
        """Say whether a sum runs over one entry alone."""
        if not self.values or name not in ("feature_sum", "batch_sum"):
            return False
        try:
            value = evaluate(argument, self.values, self.functions, self.samples)
        except ChainruleError:
            return False
        first = (self.samples == "columns") == (name == "feature_sum")
        return np.ndim(value) == 2 and np.shape(value)[0 if first else 1] == 1

    def scaled(self, divisor: Piece, total: Piece) -> Piece:
        piece = super().scaled(divisor, total)
        if not self.put_in or total.product == "big":
            return piece
        share = self.form.fraction(self.form.number(1), divisor.text)
        return replace(piece, text=self.form.infix(share, "·", total.text, wide=False))


def written(
    form: PageForm,
    expression: Expression,
    letters: Letters,
    functions: Functions | None = None,
    line: Line | None = None,
) -> str:
    """Return a formula in letters; `line` tells what its letters are worth (Σ over one is Σ)."""
    layout = PageLayout(form, letters, functions or (line.functions if line else {}))
    if line is not None:
        layout = replace(layout, values=line.values, samples=line.samples)
    return layout.piece(expression).text


def number_layout(form: PageForm, line: Line, letters: Letters) -> PageLayout:
    """Return the layout that puts in the numbers of a line."""
    return PageLayout(
        form, letters, line.functions, line.values, line.given, line.samples,
        put_in=True, brackets=is_matrix_line(line),
    )  # fmt: skip


def numbers(form: PageForm, line: Line, letters: Letters) -> str:
    """Return the last formula with its numbers put in, "" where that would say nothing.

    That is so for a letter alone, and where every array is too large to be written out.
    """
    if line.blank or not line.formulas or isinstance(line.formulas[-1], Letter | Number):
        return ""
    arrays = [np.asarray(v) for v in line.values.values() if np.size(v) > 1]
    if arrays and not any(map(figures.is_written_out, arrays)):
        return ""
    if any(a.ndim > 2 for a in arrays):  # images: their patches are not on the page
        return ""
    return number_layout(form, line, letters).piece(line.formulas[-1]).text


def result(form: PageForm, line: Line) -> str:
    """Return the result of a line; on a worksheet, a blank for each of its numbers."""
    if line.blank:
        shape = np.atleast_2d(line.result).shape
        one = form.blank()
        return one if shape == (1, 1) else form.matrix([[one] * shape[1]] * shape[0])
    return drawn(form, line.result, is_matrix_line(line), line.left in line.given)


def is_matrix_line(line: Line) -> bool:
    """Say whether one number is drawn as a matrix: where matrices are multiplied, or given."""
    return not line.formulas or any(has_matrix_product(f) for f in line.formulas)


def drawn(
    form: PageForm, value: Array, brackets: bool, given: bool = False, short: bool = False
) -> str:
    """Return an array in a form: written out where it is small, else its size, range and norm."""
    value = np.asarray(value, float)
    if value.size == 1 and not (brackets and value.ndim):
        number = value.item()
        text = figures.text(form, abs(number), given)
        return form.minus(text) if number < 0 and text != "0" else text
    if not figures.is_written_out(value):
        return form.elided(figures.size(value) if short else figures.elided(value))
    return form.matrix(figures.cells(value, given))


def has_matrix_product(expression: Expression) -> bool:
    """Say whether a formula multiplies matrices; then even one number is a matrix."""
    return any(isinstance(node, Binary) and node.operator == "@" for node in walk(expression))
