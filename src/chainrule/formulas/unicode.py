"""Formulas as plain text: X·W + b, dYᵀ, ½ Σₖ (Z − Y)², e⁻ˣ."""

from __future__ import annotations

import unicodedata

from chainrule.formulas.forms import base_of, parts_of
from chainrule.formulas.functions import Operation
from chainrule.formulas.letters import Symbol

_SUPERSCRIPT = str.maketrans(
    "0123456789+−-()=abcdefghijklmnoprstuvwxyzβγδθφ",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾⁼ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵝᵞᵟᶿᵠ",
)
_SUBSCRIPT = str.maketrans("0123456789+−-()=aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎₌ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_ACCENT = {"hat": "\u0302", "bar": "\u0304"}
_VULGAR = {("1", "2"): "½", ("1", "3"): "⅓", ("2", "3"): "⅔", ("1", "4"): "¼", ("3", "4"): "¾"}
_LONGEST_EXPONENT = 4


def superscript(text: str) -> str | None:
    """Return the text raised, or None where a character has no raised form."""
    text = text.replace(" ", "")
    return text.translate(_SUPERSCRIPT) if all(ord(c) in _SUPERSCRIPT for c in text) else None


def subscript(text: str) -> str | None:
    """Return the text lowered, or None where a character has no lowered form."""
    return text.translate(_SUBSCRIPT) if all(ord(c) in _SUBSCRIPT for c in text) else None


class Unicode:
    """Plain text for terminals."""

    stacked = False
    raised = False

    def whole(self, a: str) -> str:
        return a

    def number(self, value: float) -> str:
        mantissa, exponent = parts_of(value)
        if not exponent:
            return mantissa
        power = f"10{superscript(exponent)}"
        return power if mantissa == "1" else f"{mantissa}·{power}"

    def symbol(self, symbol: Symbol, prefix: str, index: str) -> str:
        base = base_of(symbol)
        if symbol.accent:
            base = unicodedata.normalize("NFC", base + _ACCENT[symbol.accent])
        primes = symbol.primes.replace("′′", "″")
        return prefix + base + self.index(symbol.index, index) + primes

    def index(self, text: str, way: str) -> str:
        if not text:
            return ""
        text = text.replace("-", "−")
        if way == "brackets":
            return f"[{text}]"
        if way == "subscript":
            return subscript(text) or f"_{text}"
        raised = f"({text})" if way == "parentheses" else text
        return superscript(raised) or f"^{raised}"

    def parentheses(self, a: str) -> str:
        return f"({a})"

    def iverson(self, a: str) -> str:
        return f"[{a}]"

    def absolute(self, a: str) -> str:
        return f"|{a}|"

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        if not sign:
            return f"{a} {b}"
        return f"{a}·{b}" if sign == "·" and not wide else f"{a} {sign} {b}"

    def minus(self, a: str) -> str:
        return f"−{a}"

    def fraction(self, a: str, b: str) -> str:
        return _VULGAR.get((a, b)) or f"{a}/{b}"

    def power(self, a: str, b: str, simple: bool) -> str:
        raised = superscript(b) if len(b) <= _LONGEST_EXPONENT else None
        return a + raised if raised else f"{a}^{b}" if simple else f"{a}^({b})"

    def transpose(self, a: str) -> str:
        return f"{a}ᵀ"

    def root(self, a: str, simple: bool) -> str:
        return f"√{a}" if simple else f"√({a})"

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        name = function if isinstance(function, str) else function.unicode
        return f"{name}{'′' * prime}({', '.join(arguments)})"

    def exponential(self, a: str) -> str | None:
        raised = superscript(a) if len(a) <= _LONGEST_EXPONENT else None
        return f"e{raised}" if raised else None

    def big(self, sign: str, under: str, a: str) -> str:
        if len(under) > 1:
            return f"{sign} {under} of {a}"
        return f"{sign}{subscript(under)} {a}"

    def cases(self, condition: str, a: str, b: str) -> str:
        return f"{{{a} if {condition}, else {b}}}"

    def equation(self, a: str, arrow: bool, b: str) -> str:
        return f"{a} {'←' if arrow else '='} {b}"
