r"""Plain words as LaTeX: every character that a page may hold, in ASCII, without packages.

Sub- and superscripts, Greek and signs become \( … \); a character that is not known is taken
apart (é is e and an accent) or named by its code point, so a document always compiles.
"""

from __future__ import annotations

import re
import unicodedata

from chainrule.explaining.page_mathml import BREAK
from chainrule.formulas.latex import GREEK

_SPECIAL = {
    **{c: "\\" + c for c in "_&%$#{}"},
    **{"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", "<": r"\(<\)", ">": r"\(>\)"},
    **{"|": r"\(|\)", '"': "''", "[": "{[}", "]": "{]}", "*": r"\(*\)"},
}
_SIGNS = {
    **{"−": "-", "·": r"\cdot", "⊙": r"\odot", "∘": r"\circ", "×": r"\times", "√": r"\surd"},
    **{"→": r"\to", "←": r"\leftarrow", "▸": r"\triangleright", "◂": r"\triangleleft"},
    **{"≥": r"\geq", "≤": r"\leq", "≠": r"\neq", "≈": r"\approx", "∞": r"\infty", "∂": r"\partial"},
    **{"Σ": r"\sum", "∑": r"\sum", "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}"},
    **{"¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "′": "'", "″": "''", "ℒ": r"\mathcal{L}"},
    **{"✓": r"\surd", "✗": r"\times", "⟨": r"\langle", "⟩": r"\rangle", "ᵀ": r"^{\top}"},
    **{"∈": r"\in", "⇒": r"\Rightarrow", "±": r"\pm", "∇": r"\nabla", "²": "^{2}", "³": "^{3}"},
}
_TEXT = {"…": r"\dots{}", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'"}
_MARKS = {"\u0301": r"\'", "\u0300": r"\`", "\u0308": r"\"", "\u0327": r"\c", "\u030a": r"\r"}
_PLAIN = '"*<>|'  # straight in typewriter
_ACCENTS = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0303": r"\tilde"}


def prose(text: str) -> str:
    r"""Return a sentence for text mode.

    >>> prose("50 % of W₁′, x² → ∂L")
    "50 \\% of W\\(_{1}'\\), x\\(^{2}\\) \\(\\to\\) \\(\\partial\\)L"
    """
    parts: list[str] = []
    for character in unicodedata.normalize("NFD", text):
        if character in _ACCENTS and parts:
            parts[-1] = rf"\({_ACCENTS[character]}{{{parts[-1]}}}\)"
        elif character in _MARKS and parts:
            parts[-1] = rf"{_MARKS[character]}{{{parts[-1]}}}"
        else:
            parts.append(_character(character))
    return merged("".join(parts))


def merged(text: str) -> str:
    r"""Return text whose neighbouring scripts are one formula.

    >>> merged(r"\(_{1}\)\(_{2}\)\(^{\top}\)")
    '\\(_{12}^{\\top}\\)'
    """
    text = re.sub(r"([_^])\{([^{}]*)\}\\\)\\\((?=\1\{)", r"\1{\2}", text)
    text = re.sub(r"([_^]\{[^{}]*\})\\\)\\\((?=[_^'])", r"\1", text)
    while (one := re.sub(r"([_^])\{([^{}]*)\}\1\{", r"\1{\2", text)) != text:
        text = one
    return text


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in _TEXT:
        return _TEXT[character]
    if character in _SIGNS:
        return rf"\({_SIGNS[character]}\)"
    if character in GREEK:
        return rf"\(\{GREEK[character]}\)"
    if character.isascii():
        return character
    kind, _, base = unicodedata.decomposition(character).partition(" ")
    if kind in ("<sub>", "<super>"):
        inner = "".join(_inner(chr(int(code, 16))) for code in base.split())
        return rf"\({'_' if kind == '<sub>' else '^'}{{{inner}}}\)"
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or f"{{[}}U+{ord(character):04X}{{]}}"


def _inner(character: str) -> str:
    if character in GREEK:
        return rf"\{GREEK[character]}"
    return {"−": "-"}.get(character, character if character.isascii() else "?")


def code(text: str) -> str:
    """Return a line of source in typewriter, which may be broken at its spaces."""
    characters = (c if c in _PLAIN else _character(c) for c in unicodedata.normalize("NFC", text))
    return rf"\texttt{{{merged(''.join(characters))}}}"


def in_math(formula: str) -> str:
    """Return a formula in which what is not ASCII has become a command."""
    parts: list[str] = []
    for character in unicodedata.normalize("NFD", formula.replace(BREAK, "")):
        if character.isascii():
            parts.append(character)
        elif character in _ACCENTS and parts:
            parts[-1] = f"{_ACCENTS[character]}{{{parts[-1]}}}"
        elif not unicodedata.combining(character):
            parts.append(_character(character).removeprefix(r"\(").removesuffix(r"\)") + " ")
    return "".join(parts)
