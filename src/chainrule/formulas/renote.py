"""The same formulas on another board, by transposing their trees.

The code keeps samples in rows: X is (m, n), W (inputs, outputs), b (n,). A board may keep them
otherwise:

    rows         Y = X·W + b      the code's own
    columns      Y = W·X + b      X (n, m), W (outputs, inputs), b (n, 1)
    transposed   Y = Wᵀ·X + b     X (n, m), W (inputs, outputs), b (n, 1)

One rule gives all of them: a letter that turns becomes its transpose; if the left side turns, the
right side is transposed; `.T` moves down to the letters. Numbers never turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, unknown_name
from chainrule.formulas.functions import Functions, is_elementwise
from chainrule.formulas.letters import SCALARS, split
from chainrule.formulas.parse import as_expression
from chainrule.formulas.tree import (
    Binary,
    Call,
    Expression,
    Letter,
    Number,
    Transpose,
    children,
    rebuilt,
)

# Each notation, and where it has its samples.
NOTATIONS = {"rows": "rows", "columns": "columns", "transposed": "columns"}


def samples_of(notation: str) -> str:
    """Return "rows" or "columns", as `evaluate` wants it, for a notation.

    Raises ConfigurationError for a notation that is not known.
    """
    if notation not in NOTATIONS:
        raise unknown_name("notation", notation, NOTATIONS)
    return NOTATIONS[notation]


def turns(
    name: str,
    notation: str,
    parameters: Collection[str] = ("W",),
    scalars: Collection[str] = (),
) -> bool:
    """Say whether a letter's array is transposed between the code's notation and this one.

    `parameters` are the weight matrices, which stay as they are in `transposed`; their gradients
    (dW) and their layers (W2, dW2) go with them.

    >>> [turns(name, "transposed") for name in ("X", "b", "W", "dW2", "learning_rate")]
    [True, True, False, False, False]
    """
    if samples_of(notation) == "rows" or name in SCALARS or name in scalars:
        return False
    return not (notation == "transposed" and {name, split(name).base} & set(parameters))


def renote(
    formula: str | Expression,
    notation: str,
    *,
    left: str = "Y",
    parameters: Collection[str] = ("W",),
    scalars: Collection[str] = (),
    functions: Functions | None = None,
) -> Expression:
    """Return a formula, written for rows, as it stands in another notation.

    `left` is the name that the formula gives a value to: with dW on the left, `transposed` does
    not turn the right side.

    >>> print(renote("X @ W + b", "columns"), "|", renote("X @ W + b", "transposed"))
    W @ X + b | W.T @ X + b
    >>> print(renote("X.T @ dY", "columns", left="dW"), "|", renote("dY @ W.T", "columns"))
    dY @ X.T | W.T @ dY
    """
    expression = as_expression(formula)
    if samples_of(notation) == "rows":
        return expression
    turner = _Turner(notation, parameters, scalars, functions or {})
    return turner.pushed(expression, turns(left, notation, parameters))


def renote_lines(
    lines: Mapping[str, str | Expression],
    notation: str,
    *,
    parameters: Collection[str] = ("W",),
    scalars: Collection[str] = (),
    functions: Functions | None = None,
) -> dict[str, Expression]:
    """Return every line of a mapping from name to formula in another notation."""
    return {
        name: renote(
            formula,
            notation,
            left=name,
            parameters=parameters,
            scalars=scalars,
            functions=functions,
        )
        for name, formula in lines.items()
    }


def turn(
    array: Any,
    notation: str,
    name: str = "X",
    *,
    parameters: Collection[str] = ("W",),
    scalars: Collection[str] = (),
) -> Any:
    """Return an array of the code as it lies in a notation: transposed, and a vector as (n, 1).

    Raises ShapeError for arrays of more than two axes, which have no transpose on a board.

    >>> turn(np.zeros(3), "columns", "b").shape, turn(np.zeros((2, 3)), "transposed", "W").shape
    ((3, 1), (2, 3))
    """
    if not turns(name, notation, parameters, scalars) or np.ndim(array) == 0:
        return array
    if np.ndim(array) == 1:
        return array[:, None]
    if np.ndim(array) > 2:
        raise ShapeError(
            f"{name} has shape {np.shape(array)}: only matrices and vectors turn in {notation}"
        )
    return array.T


@dataclass(frozen=True)
class _Turner:
    notation: str
    parameters: Collection[str]
    scalars: Collection[str]
    functions: Functions

    def pushed(self, node: Expression, transposed: bool) -> Expression:
        """Return the node, transposed or not, in the new letters, with `.T` on letters only."""
        match node:
            case Number():
                return node
            case Letter(name):
                return self.letter(node, name, transposed)
            case Transpose(operand):
                return self.pushed(operand, not transposed)
            case Binary("@", left, right) if transposed:
                return Binary("@", self.pushed(right, True), self.pushed(left, True))
            case Call(name) if not is_elementwise(name, self.functions):
                # Samples and features mean something in turned arrays only.
                turned = rebuilt(node, tuple(self.pushed(c, True) for c in children(node)))
                return turned if transposed else Transpose(turned)
        return rebuilt(node, tuple(self.pushed(c, transposed) for c in children(node)))

    def letter(self, node: Letter, name: str, transposed: bool) -> Expression:
        if name in SCALARS or name in self.scalars:
            return node
        if turns(name, self.notation, self.parameters):
            transposed = not transposed
        return Transpose(node) if transposed else node
