"""Formulas as presentation MathML, which a browser shows without a script or a font."""

from __future__ import annotations

from html import escape

from chainrule.formulas.forms import base_of, parts_of
from chainrule.formulas.functions import Operation
from chainrule.formulas.letters import Symbol

_ACCENT = {"hat": "^", "bar": "¯"}
_INVISIBLE_TIMES = "\u2062"
_APPLICATION = "\u2061"


def tag(name: str, *content: str) -> str:
    """Return an element around content that is markup already."""
    return f"<{name}>{''.join(content)}</{name}>"


def _mi(text: str) -> str:
    return tag("mi", escape(text))


def _mo(text: str) -> str:
    return tag("mo", escape(text))


def _row(*content: str) -> str:
    return tag("mrow", *content)


class MathML:
    """One `<math>` element."""

    stacked = True
    raised = True

    def whole(self, a: str) -> str:
        return tag("math", _row(a))

    def number(self, value: float) -> str:
        mantissa, exponent = parts_of(value)
        if not exponent:
            return tag("mn", mantissa)
        raised = tag("mn", exponent.lstrip("-"))
        power = tag("msup", tag("mn", "10"), _row(_mo("−") * exponent.startswith("-") + raised))
        return power if mantissa == "1" else _row(tag("mn", mantissa), _mo("·"), power)

    def symbol(self, symbol: Symbol, prefix: str, index: str) -> str:
        base = _mi(base_of(symbol))
        if symbol.accent:
            base = f'<mover accent="true">{base}{_mo(_ACCENT[symbol.accent])}</mover>'
        if prefix:
            base = _row(_mi(prefix), base)
        if symbol.index:
            text = symbol.index.replace("-", "−")
            text = {"brackets": f"[{text}]", "parentheses": f"({text})"}.get(index, text)
            base = tag("msub" if index == "subscript" else "msup", base, tag("mtext", escape(text)))
        return tag("msup", base, _mo(symbol.primes)) if symbol.primes else base

    def parentheses(self, a: str) -> str:
        return _row(_mo("("), a, _mo(")"))

    def iverson(self, a: str) -> str:
        return _row(_mo("["), a, _mo("]"))

    def absolute(self, a: str) -> str:
        return _row(_mo("|"), a, _mo("|"))

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        return a + _mo(sign or _INVISIBLE_TIMES) + b

    def minus(self, a: str) -> str:
        return _mo("−") + a

    def fraction(self, a: str, b: str) -> str:
        return tag("mfrac", _row(a), _row(b))

    def power(self, a: str, b: str, simple: bool) -> str:
        return tag("msup", _row(a), _row(b))

    def transpose(self, a: str) -> str:
        return tag("msup", _row(a), _mo("⊤"))

    def root(self, a: str, simple: bool) -> str:
        return tag("msqrt", a)

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        name = _mi(function if isinstance(function, str) else function.unicode)
        name = tag("msup", name, _mo("′")) if prime else name
        return _row(name, _mo(_APPLICATION), self.parentheses(_mo(",").join(arguments)))

    def exponential(self, a: str) -> str | None:
        return tag("msup", _mi("e"), _row(a))

    def big(self, sign: str, under: str, a: str) -> str:
        operator = _mo("∑") if sign == "Σ" else _mo(sign)
        if not under:
            return operator + a
        below = _mi(under) if len(under) == 1 else tag("mtext", escape(under))
        return tag("munder", operator, below) + a

    def cases(self, condition: str, a: str, b: str) -> str:
        rows = [(a, condition), (b, tag("mtext", "else"))]
        table = tag("mtable", *(tag("mtr", tag("mtd", v), tag("mtd", c)) for v, c in rows))
        return _row(_mo("{"), table)

    def equation(self, a: str, arrow: bool, b: str) -> str:
        return a + _mo("←" if arrow else "=") + b
