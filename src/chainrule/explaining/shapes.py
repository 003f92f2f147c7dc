"""The algebra of shapes beside a matrix product: (2,2)·(2,1) + (2,1) → (2,1)."""

from __future__ import annotations

import numpy as np

from chainrule.explaining.numbers import has_matrix_product
from chainrule.explaining.page import Line
from chainrule.formulas import Binary, Expression, Letter, Letters, Negate, Transpose


def shape_algebra(line: Line, letters: Letters) -> str:
    """Return the shapes of a line that multiplies matrices, else nothing."""
    if not line.formulas or not has_matrix_product(line.formulas[-1]):
        return ""
    written = _shape(line.formulas[-1], line)
    if not written:
        return ""
    return f"{written} → {pair(line.result.shape)}"


def pair(shape: tuple[int, ...]) -> str:
    """Return a shape without spaces."""
    return "(" + ",".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _shape(expression: Expression, line: Line) -> str:
    match expression:
        case Letter(name):
            return pair(np.shape(line.values[name])) if name in line.values else ""
        case Transpose(Letter(name)):
            return pair(np.shape(line.values[name])[::-1]) if name in line.values else ""
        case Negate(operand):
            return _shape(operand, line)
        case Binary("@" | "+" | "-" as sign, left, right):
            a, b = _shape(left, line), _shape(right, line)
            if a and b:
                return a + {"@": "·", "+": " + ", "-": " − "}[sign] + b
    return ""
