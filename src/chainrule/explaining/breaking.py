"""Lines of numbers that are too wide, broken at their operators."""

from __future__ import annotations

from chainrule.explaining.boxes import beside, width
from chainrule.explaining.numbers import PageLayout
from chainrule.formulas import Binary, Call, Expression, Negate
from chainrule.formulas.layout import Piece

_SUM, _PRODUCT, _SCRIPTED = 1, 2, 3


def broken(layout: PageLayout, expression: Expression, room: int) -> list[str]:
    """Return a formula as rows of at most `room` columns where its operators allow that.

    Sums break before products, and what stands in parentheses only where it must.
    """
    whole = layout.piece(expression).text
    if width(whole) <= room:
        return [whole]
    match expression:
        case Binary("+" | "-" as sign, left, right):
            piece = layout.fenced(layout.piece(right), _SUM if sign == "+" else _PRODUCT)
            mark = "−" if sign == "-" else "+"
            return [*broken(layout, left, room), *after(mark, right, piece, layout, room)]
        case Binary("*" | "@", left, right):
            shown, first, second = factors(layout, expression)
            before = rows_of(layout, left, first, room)
            return [*before, *after(shown or "×", right, second, layout, room)]
        case Binary("/", left, right):
            above, below = layout.piece(left), layout.fenced(layout.piece(right), _SCRIPTED)
            if above.level != _PRODUCT:
                above = layout.fenced(above, _PRODUCT)
            return [*rows_of(layout, left, above, room), *after("/", right, below, layout, room)]
        case Negate(Call(name, (inner,))) if layout.single(name, inner):
            return inside("−(", broken(layout, inner, room - 3))
        case Negate(operand):
            rows = broken(layout, operand, room)
            return [layout.form.minus(rows[0]), *rows[1:]]
    return [whole]


def rows_of(layout: PageLayout, expression: Expression, piece: Piece, room: int) -> list[str]:
    """Return the rows of one side of an operator; `piece` is how it stands there."""
    if width(piece.text) <= room:
        return [piece.text]
    if piece.text == layout.piece(expression).text:
        return broken(layout, expression, room)
    return inside("(", broken(layout, expression, room - 2))


def after(sign: str, right: Expression, piece: Piece, layout: PageLayout, room: int) -> list[str]:
    """Return the rows of what follows an operator; the operator begins the first."""
    lead = f"{sign} "
    rows = rows_of(layout, right, piece, room - len(lead))
    return [beside(lead if i == 0 else " " * len(lead), row) for i, row in enumerate(rows)]


def inside(fence: str, rows: list[str]) -> list[str]:
    """Return rows between parentheses."""
    rows = [beside(fence if i == 0 else " " * len(fence), row) for i, row in enumerate(rows)]
    return [*rows[:-1], beside(rows[-1], ")")]


def factors(layout: PageLayout, product: Binary) -> tuple[str, Piece, Piece]:
    """Return the sign and the two sides of a product, as `Layout.multiplied` writes them."""
    by_number = layout.is_scalar(product.left) or layout.is_scalar(product.right)
    kind = "scalar" if by_number else "matrix" if product.operator == "@" else "entrywise"
    letters = layout.letters
    sign = {
        "matrix": letters.matrix_product,
        "entrywise": letters.entrywise_product,
        "scalar": letters.scalar_product,
    }[kind]
    first = layout.factor(layout.piece(product.left), kind, first=True)
    return sign, first, layout.factor(layout.piece(product.right), kind, first=False)
