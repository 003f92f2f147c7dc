"""What collapses for this pass: weights that are all 1/m, sums over one sample, factors of 1."""

from __future__ import annotations

from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    substitute,
)
from chainrule.formulas.tree import children, rebuilt

ONE = Number(1)


def simplified(expression: Expression, samples: int) -> Expression:
    """Return the formula without factors of 1, and without sums over a single sample.

    >>> from chainrule.formulas import parse
    >>> print(simplified(parse("1 * batch_sum(1 * dY)"), 1))
    dY
    >>> print(simplified(parse("batch_sum(dY)"), 2))
    batch_sum(dY)
    >>> print(simplified(parse("X.T @ (1 / m * (A - Y))"), 2))
    1 / m * (X.T @ (A - Y))
    """
    expression = rebuilt(expression, tuple(simplified(c, samples) for c in children(expression)))
    match expression:
        case Binary("*", Number(1), other) | Binary("*" | "/", other, Number(1)):
            return other
        case Binary("*" | "/" as sign, Negate(inner), other):
            return simplified(Negate(Binary(sign, inner, other)), samples)
        case Call("batch_sum" | "batch_mean", (inner,)) if samples == 1:
            return inner
        case Binary("*", Binary("/", Number(1), Letter("m")) as share, Negate(inner)):
            return Negate(Binary("*", share, inner))
        case Call("batch_sum", (Negate(inner),)):
            return Negate(simplified(Call("batch_sum", (inner,)), samples))
        case Call("batch_sum", (Binary("*", Binary("/", Number(1), Letter("m")) as share, inner),)):
            return Binary("*", share, Call("batch_sum", (inner,)))
        case Binary("@", a, Binary("*", Binary("/", Number(1), Letter("m")) as share, b)):
            return Binary("*", share, Binary("@", a, b))
        case Binary("@", Binary("*", Binary("/", Number(1), Letter("m")) as share, a), b):
            return Binary("*", share, Binary("@", a, b))
    return expression


def pulled(expression: Expression) -> Expression:
    """Return the formula with transposes drawn out of sums: Aᵀ − Yᵀ is (A − Y)ᵀ.

    >>> from chainrule.formulas import parse
    >>> print(pulled(parse("X @ (A.T - Y.T)")))
    X @ (A - Y).T
    """
    expression = rebuilt(expression, tuple(map(pulled, children(expression))))
    match expression:
        case Binary("+" | "-" as sign, Transpose(a), Transpose(b)):
            return Transpose(Binary(sign, a, b))
    return expression


def with_weights(
    expression: Expression, weight: float | None, samples: int, whole: bool = False
) -> Expression:
    """Put the samples' common weight in for `w`: 1, or 1/m; None leaves the letter.

    `whole` says that every row of the targets Y sums to 1.

    >>> from chainrule.formulas import parse
    >>> print(with_weights(parse("w * (Z - Y)"), 0.25, 4))
    1 / m * (Z - Y)
    >>> print(with_weights(parse("w * (A * feature_sum(Y) - Y)"), 1.0, 1, whole=True))
    A - Y
    """
    if whole:
        expression = _without_mass(expression)
    if weight is None:
        return simplified(expression, samples)
    share: Expression = ONE if weight == 1 else Binary("/", ONE, Letter("m"))
    return simplified(substitute(expression, {"w": share}), samples)


def _without_mass(expression: Expression) -> Expression:
    if expression == Call("feature_sum", (Letter("Y"),)):
        return ONE
    return rebuilt(expression, tuple(map(_without_mass, children(expression))))
