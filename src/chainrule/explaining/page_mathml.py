"""MathML with matrices, for a page: CSS draws their brackets, so that no math font is needed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from chainrule.formulas.functions import Operation
from chainrule.formulas.letters import Symbol
from chainrule.formulas.mathml import MathML, tag

BREAK = "\x1f"  # where a long formula may go on in the next row
_FLAT = '<mo stretchy="false">'
_PRIME = '</mi><mo lspace="0" rspace="0">′</mo>'
_TOKEN = re.compile(rf"<(?P<close>/?)[a-z]+[^>]*?(?P<empty>/?)>|{BREAK}")


class PageMathML(MathML):
    """MathML whose matrices are tables, and whose operators say where a row may end."""

    def printed(self, text: str) -> str:
        """Return a printed number."""
        return tag("mo" if text == "…" else "mn", escape(text))

    def blank(self) -> str:
        """Return an empty box to write into."""
        return '<mtext class="blank">\u2003\u2003\u2003\u2003</mtext>'

    def matrix(self, cells: list[list[str]]) -> str:
        """Return a table; its class draws the brackets."""
        rows = (tag("mtr", *(tag("mtd", self._cell(c)) for c in row)) for row in cells)
        return f'<mtable class="matrix">{"".join(rows)}</mtable>'

    def _cell(self, text: str) -> str:
        return text if text.startswith("<") else self.printed(text)

    def elided(self, text: str) -> str:
        """Return what stands for an array that is not written out."""
        return f'<mtext class="elided">{escape(text)}</mtext>'

    def entry(self, base: str, index: tuple[str, ...], brackets: bool) -> str:
        """Return a letter with an entry's index below it, or in brackets where a layer's is."""
        if brackets:
            return tag("mrow", base, tag("mtext", escape(f"[{','.join(index)}]")))
        text = ("" if all(len(i) == 1 for i in index) else ",").join(index)
        return tag("msub", base, tag("mtext", escape(text)))

    def parentheses(self, a: str) -> str:
        """Return parentheses; tall ones are drawn like the brackets of a matrix."""
        if "<mtable" in a:
            return _fenced(a, "paren")
        whole = super().parentheses(a)
        tall = any(f"<{kind}>" in a for kind in ("mfrac", "munder", "msqrt"))
        return whole if tall else whole.replace("<mo>(", _FLAT + "(").replace("<mo>)", _FLAT + ")")

    def iverson(self, a: str) -> str:
        return _fenced(a, "matrix") if "<mtable" in a else super().iverson(a)

    def absolute(self, a: str) -> str:
        return _fenced(a, "bars") if "<mtable" in a else super().absolute(a)

    def symbol(self, symbol: Symbol, prefix: str, index: str) -> str:
        """Return a letter; a prime stands beside its index, not above it."""
        if not symbol.primes:
            return super().symbol(symbol, prefix, index)
        plain = super().symbol(replace(symbol, primes=""), prefix, index)
        return raised(plain, tag("mo", symbol.primes))

    def transpose(self, a: str) -> str:
        return raised(a, tag("mo", "⊤"))

    def power(self, a: str, b: str, simple: bool) -> str:
        return raised(tag("mrow", a) if BREAK in a else a, tag("mrow", b))

    def minus(self, a: str) -> str:
        return f'<mo form="prefix">−</mo>{a}'

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        if not sign:
            return super().infix(a, sign, b, wide)
        return f'{a}{BREAK}<mo form="infix">{escape(sign)}</mo>{b}'

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        """Return f(x); a matrix alone needs no parentheses of its own."""
        alone = len(arguments) == 1 and is_one_matrix(arguments[0])
        if not alone:
            whole = super().call(function, False, arguments)
            return whole.replace("</mi>", _PRIME, 1) if prime else whole
        name = tag("mi", escape(function if isinstance(function, str) else function.unicode))
        name = name.replace("</mi>", _PRIME) if prime else name
        return tag("mrow", name, tag("mo", "\u2061"), arguments[0])


def raised(a: str, above: str) -> str:
    """Return a superscript; over a letter with an index it stands right above that."""
    alone = a.startswith("<msub>") and a.endswith("</msub>") and a.count("<msub>") == 1
    if alone:
        return tag("msubsup", a.removeprefix("<msub>").removesuffix("</msub>"), above)
    return tag("msup", a, above)


def _fenced(a: str, kind: str) -> str:
    return f'<mrow class="fence {kind}">{a}</mrow>'


def is_one_matrix(markup: str) -> bool:
    """Say whether markup is a single matrix."""
    start = '<mtable class="matrix">'
    return markup.startswith(start) and markup.endswith("</mtable>") and markup.count(start) == 1


def rows_of(markup: str) -> list[str]:
    """Return the pieces of a formula between which a row may end; each begins with its operator.

    >>> rows_of("<mi>a</mi>" + BREAK + "<mo>+</mo><mrow>b" + BREAK + "<mo>+</mo>c</mrow>")
    ['<mi>a</mi>', '<mo>+</mo><mrow>b<mo>+</mo>c</mrow>']
    """
    pieces, depth, start = [], 0, 0
    for token in _TOKEN.finditer(markup):
        if token.group() == BREAK:
            if depth == 0:
                pieces.append(markup[start : token.start()])
                start = token.end()
        elif not token["empty"]:
            depth += -1 if token["close"] else 1
    return [p.replace(BREAK, "") for p in [*pieces, markup[start:]]]
