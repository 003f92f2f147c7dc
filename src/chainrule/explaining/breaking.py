"""Lines of numbers that are too wide, broken at their operators."""

from __future__ import annotations

from chainrule.explaining.boxes import beside, width
from chainrule.explaining.numbers import PageLayout
from chainrule.formulas import Binary, Expression, Negate
from chainrule.formulas.layout import Piece

_SUM, _PRODUCT = 1, 2


def broken(layout: PageLayout, expression: Expression, room: int) -> list[str]:
    """Return a formula as rows of at most `room` columns where its operators allow that.

    Sums break before products; what stands in parentheses stays together.
    """
    whole = layout.piece(expression).text
    if width(whole) <= room:
        return [whole]
    match expression:
        case Binary("+" | "-" as sign, left, right):
            mark = "−" if sign == "-" else "+"
            piece = layout.fenced(layout.piece(right), _SUM if sign == "+" else _PRODUCT)
            return [*broken(layout, left, room), *_after(mark, right, piece, layout, room)]
        case Binary("*" | "@", left, right):
            shown, first, second = factors(layout, expression)
            if first.text == layout.piece(left).text:
                return [*broken(layout, left, room), *_after(shown, right, second, layout, room)]
            return [first.text, *_after(shown, right, second, layout, room)]
        case Negate(operand):
            rows = broken(layout, operand, room)
            return [layout.form.minus(rows[0]), *rows[1:]]
    return [whole]


def _after(sign: str, right: Expression, piece: Piece, layout: PageLayout, room: int) -> list[str]:
    """Return the rows of what follows an operator; the operator begins the first."""
    lead = f"{sign} " if sign else "× "
    if width(piece.text) + len(lead) <= room or piece.text != layout.piece(right).text:
        return [beside(lead, piece.text)]
    rows = broken(layout, right, room - len(lead))
    return [beside(lead if i == 0 else " " * len(lead), row) for i, row in enumerate(rows)]


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
