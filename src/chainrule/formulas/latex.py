"""Formulas as LaTeX in math mode; amsmath is all that a document needs."""

from __future__ import annotations

from chainrule.formulas.forms import base_of, parts_of
from chainrule.formulas.functions import Operation
from chainrule.formulas.letters import Symbol

GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta"},
    **{"η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi"},
    **{"π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "ψ": "psi", "ω": "omega"},
    **{"Δ": "Delta", "Σ": "Sigma", "Ω": "Omega", "∂": "partial"},
}
_SIGNS = {
    **{"·": r"\cdot", "⊙": r"\odot", "∘": r"\circ", "×": r"\times", "−": "-", "": r"\,"},
    **{"≥": r"\geq", "≤": r"\leq"},
}
_BIG = {"Σ": r"\sum", "max": r"\max"}
_ARROW = r"\leftarrow"
_ESCAPED = {
    **{c: "\\" + c for c in "_&%$#{}"},
    **{"\\": r"\backslash ", "^": r"\hat{\ }", "~": r"\sim ", "−": "-"},
}


def letter(base: str) -> str:
    """Return a letter's LaTeX: Greek as a command, several characters upright."""
    if base in GREEK:
        return "\\" + GREEK[base]
    if base == "ℒ":
        return r"\mathcal{L}"
    if len(base) == 1 and base.isascii() and base.isalnum():
        return base
    return rf"\mathrm{{{escaped(base)}}}"


def escaped(text: str) -> str:
    """Return text whose characters mean themselves."""
    return "".join(_ESCAPED.get(c) or (rf"\{GREEK[c]} " if c in GREEK else c) for c in text)


class Latex:
    """LaTeX without its dollar signs."""

    stacked = True
    raised = True

    def whole(self, a: str) -> str:
        return a

    def number(self, value: float) -> str:
        mantissa, exponent = parts_of(value)
        if not exponent:
            return mantissa
        power = f"10^{{{exponent}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"

    def symbol(self, symbol: Symbol, prefix: str, index: str) -> str:
        base = letter(base_of(symbol))
        if symbol.accent:
            base = rf"\{symbol.accent}{{{base}}}"
        if prefix:
            mark = letter(prefix)
            base = mark + " " * mark.startswith("\\") + base
        if symbol.index:
            text = escaped(symbol.index)
            text = text if len(text) < 2 or not text.isalpha() else rf"\mathrm{{{text}}}"
            text = {"brackets": f"[{text}]", "parentheses": f"({text})"}.get(index, text)
            base += f"_{{{text}}}" if index == "subscript" else f"^{{{text}}}"
        if not symbol.primes:
            return base
        # A raised index and a prime are one superscript in TeX.
        marks = "'" * len(symbol.primes)
        return f"{{{base}}}{marks}" if index != "subscript" and symbol.index else base + marks

    def parentheses(self, a: str) -> str:
        return rf"\left({a}\right)"

    def iverson(self, a: str) -> str:
        return rf"\left[{a}\right]"

    def absolute(self, a: str) -> str:
        return rf"\left|{a}\right|"

    def infix(self, a: str, sign: str, b: str, wide: bool) -> str:
        return f"{a} {_SIGNS.get(sign, sign)} {b}"

    def minus(self, a: str) -> str:
        return f"-{a}"

    def fraction(self, a: str, b: str) -> str:
        return rf"\frac{{{a}}}{{{b}}}"

    def power(self, a: str, b: str, simple: bool) -> str:
        return f"{a}^{{{b}}}"

    def transpose(self, a: str) -> str:
        return rf"{a}^\top"

    def root(self, a: str, simple: bool) -> str:
        return rf"\sqrt{{{a}}}"

    def call(self, function: Operation | str, prime: bool, arguments: list[str]) -> str:
        if isinstance(function, str):
            name = rf"\operatorname{{{escaped(function)}}}"
        else:
            name = function.latex
        name += "'" * prime
        return rf"{name}\left({', '.join(arguments)}\right)"

    def exponential(self, a: str) -> str | None:
        return f"e^{{{a}}}"

    def big(self, sign: str, under: str, a: str) -> str:
        if not under:
            return f"{_BIG[sign]} {a}"
        below = under if len(under) == 1 else rf"\text{{{under}}}"
        return rf"{_BIG[sign]}_{{{below}}} {a}"

    def cases(self, condition: str, a: str, b: str) -> str:
        return rf"\begin{{cases}} {a} & {condition} \\ {b} & \text{{else}} \end{{cases}}"

    def equation(self, a: str, arrow: bool, b: str) -> str:
        return f"{a} {_ARROW if arrow else '='} {b}"
