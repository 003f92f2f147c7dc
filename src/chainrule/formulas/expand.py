"""Derivatives written out: d_sigmoid(X) as Y * (1 - Y)."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.derivation import Function
from chainrule.formulas.functions import Functions, derivative_of, entry
from chainrule.formulas.parse import as_expression
from chainrule.formulas.tree import Call, Expression, Letter, children, rebuilt, substitute


def expand(
    formula: str | Expression,
    functions: Functions | None = None,
    forward: Mapping[str, str | Expression] | None = None,
) -> Expression:
    """Replace every `d_name(x)` by its derivative's formula.

    The derivative's letter `a`, the output, becomes the name that a line of `forward` gives to
    `name(x)`, and `name(x)` itself where no line does.

    >>> print(expand("dY * d_sigmoid(X)", forward={"Y": "sigmoid(X)"}))
    dY * (Y * (1 - Y))
    >>> print(expand("d_tanh(X)"))
    1 - tanh(X)**2
    """
    outputs = {as_expression(f): Letter(name) for name, f in (forward or {}).items()}
    return _expanded(as_expression(formula), functions or {}, outputs)


def definition(name: str, argument: str | Expression, functions: Functions) -> Expression | None:
    r"""Return what `name(argument)` is short for, None where it is no named function.

    >>> relu = Function("maximum(x, 0)", "x > 0", "ReLU", r"\operatorname{ReLU}")
    >>> print(definition("relu", "X", {"relu": relu}))
    maximum(X, 0)
    """
    found = entry(name, functions)
    if not isinstance(found, Function):
        return None
    return substitute(as_expression(found.definition), {"x": as_expression(argument)})


def _expanded(
    expression: Expression, functions: Functions, outputs: Mapping[Expression, Letter]
) -> Expression:
    new = tuple(_expanded(c, functions, outputs) for c in children(expression))
    expression = rebuilt(expression, new)
    if not isinstance(expression, Call) or expression.name in functions or len(new) != 1:
        return expression
    function = derivative_of(expression.name, functions)
    if function is None:
        return expression
    output = Call(expression.name[2:], new)
    values = {"x": new[0], "a": outputs.get(output, output)}
    return substitute(as_expression(function.derivative), values)
