"""Why a missing transpose did not stop: the matrix is square, so both ways fit."""

from __future__ import annotations

import numpy as np

from chainrule.checking.diagnosis.search import Finding
from chainrule.checking.wording import Words
from chainrule.formulas import Binary, Expression, Letter, Transpose, letters_in, samples_of

INPUTS, UNITS = 3, 2  # the sizes that the explanation takes


def why_it_ran(finding: Finding, words: Words) -> str:
    """Return why a wrong product of dX ran, and on which shapes it would stop; "" where it is none.

    The shapes are those of the student's notation: (3,2)·(2,m) → (3,m).
    """
    mutation = finding.mutations[0]
    formula, program = mutation.site.formula, words.program
    if finding.slip != "transpose" or not words.of_program(finding):
        return ""
    weight = next((n for n in letters_in(formula) if n.startswith("W")), "")
    W = np.asarray(finding.cases[0].values.get(weight, np.zeros((1, 2))))
    if not (isinstance(formula, Binary) and formula.operator == "@" and W.shape[0] == W.shape[1]):
        return ""
    if sorted(letters_in(mutation.change.wrong)) != sorted(letters_in(formula)):
        return ""
    name, k = words.own.get(weight, weight), W.shape[0]
    rows = samples_of(program.notation) == "rows"
    turned = _turned(formula) != (program.notation == "transposed")
    right = f"{name}ᵀ" if turned else name
    m, n, u = "m", INPUTS, UNITS
    if rows:
        fits, stops = f"({m},{u})·({u},{n}) → ({m},{n})", f"({m},{u})·({n},{u})"
    else:
        fits, stops = f"({n},{u})·({u},{m}) → ({n},{m})", f"({u},{n})·({u},{m})"
    return (
        f"It ran because {name} is square, ({k},{k}), so that both ways fit. For {n} inputs and "
        f"{u} units only {right} fits: {fits}, while {stops} stops."
    )


def _turned(formula: Expression) -> bool:
    """Say whether the weight stands transposed in the right line, in rows."""
    parts = [formula.left, formula.right] if isinstance(formula, Binary) else []
    return any(
        isinstance(p, Transpose) and isinstance(p.operand, Letter) and p.operand.name[:1] == "W"
        for p in parts
    )
