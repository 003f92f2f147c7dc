"""What collapses for this pass: weights that are all 1/m, sums over one sample, factors of 1."""

from __future__ import annotations

from chainrule.formulas import Binary, Call, Expression, Letter, Negate, Number, substitute
from chainrule.formulas.tree import children, rebuilt

ONE = Number(1)


def simplified(expression: Expression, samples: int) -> Expression:
    """Return the formula without factors of 1, and without sums over a single sample.

    >>> from chainrule.formulas import parse
    >>> print(simplified(parse("1 * batch_sum(1 * dY)"), 1))
    dY
    >>> print(simplified(parse("batch_sum(dY)"), 2))
    batch_sum(dY)
    """
    expression = rebuilt(expression, tuple(simplified(c, samples) for c in children(expression)))
    match expression:
        case Binary("*", Number(1), other) | Binary("*" | "/", other, Number(1)):
            return other
        case Binary("*" | "/" as sign, Negate(inner), other):
            return simplified(Negate(Binary(sign, inner, other)), samples)
        case Call("batch_sum" | "batch_mean", (inner,)) if samples == 1:
            return inner
        case Call("batch_sum", (Binary("*", Binary("/", Number(1), Letter("m")) as share, inner),)):
            return Binary("*", share, Call("batch_sum", (inner,)))
    return expression


def with_weights(expression: Expression, weight: float | None, samples: int) -> Expression:
    """Put the samples' common weight in for `w`: 1, or 1/m; None leaves the letter.

    >>> from chainrule.formulas import parse
    >>> print(with_weights(parse("w * (Z - Y)"), 0.25, 4))
    1 / m * (Z - Y)
    """
    if weight is None:
        return simplified(expression, samples)
    share: Expression = ONE if weight == 1 else Binary("/", ONE, Letter("m"))
    return simplified(substitute(expression, {"w": share}), samples)
