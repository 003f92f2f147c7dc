"""The matrix language in which layers, losses and optimizers state their formulas.

`parse` reads a formula into a tree, `evaluate` and `run` compute it on real arrays, `render` writes
it as Unicode, LaTeX or MathML in a board's `Letters`, `renote` turns it to a board's notation, and
`expand` writes derivatives out.
"""

from chainrule.formulas.evaluate import evaluate, run
from chainrule.formulas.expand import definition, expand
from chainrule.formulas.forms import Form
from chainrule.formulas.functions import STANDARD, Functions, Operation
from chainrule.formulas.letters import Letters
from chainrule.formulas.parse import parse
from chainrule.formulas.render import FORMS, render, render_line, render_lines
from chainrule.formulas.renote import NOTATIONS, renote, renote_lines, samples_of, turn, turns
from chainrule.formulas.tree import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    letters_in,
    substitute,
)

__all__ = [
    "FORMS",
    "NOTATIONS",
    "STANDARD",
    "Binary",
    "Call",
    "Expression",
    "Form",
    "Functions",
    "Letter",
    "Letters",
    "Negate",
    "Number",
    "Operation",
    "Transpose",
    "definition",
    "evaluate",
    "expand",
    "letters_in",
    "parse",
    "render",
    "render_line",
    "render_lines",
    "renote",
    "renote_lines",
    "run",
    "samples_of",
    "substitute",
    "turn",
    "turns",
]
