"""What a derivation needs beyond the formula language: entries, partial derivatives, sums, grids.

    w₁[2,1]    ∂a₂/∂z₂    Σⱼ …    a matrix of formulas

They are nodes of a formula's tree that `numbers.PageLayout` writes in every form. They are not
evaluated: what they say stands beside the numbers, which come from the code.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.formulas import Expression, Letter
from chainrule.formulas.tree import children, rebuilt

Index = int | str


@dataclass(frozen=True)
class Entry(Expression):
    """One entry of a value, counted from 1 as on a board; no index where it is a single number."""

    name: str
    index: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Partial(Expression):
    """∂top/∂bottom; `top` may be a formula, for ∂(z − y)²/∂z."""

    top: Expression
    bottom: Entry | Letter


@dataclass(frozen=True)
class Sum(Expression):
    """The sum of `body` over an index."""

    index: str
    body: Expression


@dataclass(frozen=True)
class Grid(Expression):
    """A matrix whose entries are formulas."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class Dots(Expression):
    """… in a sum, a product or a grid."""


def below(node: Expression) -> tuple[Expression, ...]:
    """Return the nodes right under this one, those of this file included."""
    match node:
        case Sum(_, body):
            return (body,)
        case Partial(top, bottom):
            return (top, bottom)
        case Grid(rows):
            return tuple(cell for row in rows for cell in row)
    return children(node)


def over(node: Expression, new: tuple[Expression, ...]) -> Expression:
    """Return the same node over new nodes."""
    match node:
        case Sum(index):
            return Sum(index, *new)
        case Partial():
            return Partial(*new)  # type: ignore[arg-type]
        case Grid(rows):
            wide = len(rows[0])
            return Grid(tuple(new[i : i + wide] for i in range(0, len(new), wide)))
    return rebuilt(node, new)
