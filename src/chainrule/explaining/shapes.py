"""The algebra of shapes, in numbers (2,2)·(2,1) → (2,1) and in letters (l₁ × n)(n × m) → l₁ × m."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explaining.numbers import has_matrix_product
from chainrule.formulas import Binary, Expression, Letter, Negate, Transpose
from chainrule.namespace import Array

Dimensions = tuple[str, ...]


def shape_algebra(formula: Expression, values: Mapping[str, Any], result: Array) -> str:
    """Return the shapes of a formula that multiplies matrices, else nothing."""
    if not has_matrix_product(formula):
        return ""
    written = _shape(formula, {n: pair(np.shape(v)) for n, v in values.items()},
                     {n: pair(np.shape(v)[::-1]) for n, v in values.items()})  # fmt: skip
    return f"{written} → {pair(result.shape)}" if written else ""


def pair(shape: tuple[int, ...]) -> str:
    """Return a shape without spaces."""
    return "(" + ",".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _shape(expression: Expression, shown: Mapping[str, str], turned: Mapping[str, str]) -> str:
    match expression:
        case Letter(name):
            return shown.get(name, "")
        case Transpose(Letter(name)):
            return turned.get(name, "")
        case Transpose(Binary("-" | "+", Letter(name), Letter())):
            return turned.get(name, "")
        case Binary("-" | "+", Letter(a), Letter(b)) if shown.get(a) == shown.get(b):
            return shown.get(a, "")
        case Negate(operand):
            return _shape(operand, shown, turned)
        case Binary("*", Binary("/"), other):
            return _shape(other, shown, turned)
        case Binary("@" | "+" | "-" as sign, left, right):
            a, b = _shape(left, shown, turned), _shape(right, shown, turned)
            if a and b:
                return a + {"@": "·", "+": " + ", "-": " − "}[sign] + b
    return ""


@dataclass(frozen=True)
class Dimension:
    """A value's size in letters: m samples, n inputs, l₁, l₂, … units."""

    letters: Dimensions

    @property
    def text(self) -> str:
        """Return `l₁ × m`."""
        return " × ".join(self.letters)


def dimension_row(
    left: str, formula: Expression, sizes: Mapping[str, Dimension], shown: tuple[str, str]
) -> tuple[str, str] | None:
    """Return a row of the table of dimensions: the formula, and its sizes in letters."""
    if not has_matrix_product(formula) or left not in sizes:
        return None
    written = _shape(formula, {n: f"({d.text})" for n, d in sizes.items()},
                     {n: f"({' × '.join(d.letters[::-1])})" for n, d in sizes.items()})  # fmt: skip
    if not written:
        return None
    return f"{shown[0]} = {shown[1]}", f"{written.replace(')·(', ')(')} → {sizes[left].text}"
