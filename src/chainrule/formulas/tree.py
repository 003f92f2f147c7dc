"""The tree of a formula: six kinds of small frozen nodes, each of which prints as its source.

    Number(2)  Letter("X")  Negate(x)  Transpose(x)  Binary("@", x, y)  Call("exp", (x,))

A comparison is a Binary too: its value is 1 where it holds and 0 elsewhere (Iverson's bracket).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

COMPARISONS = (">", ">=", "<", "<=", "==")

# How tightly each kind binds in the source, as in Python.
_COMPARE, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(6)
_BINDING = {
    **dict.fromkeys(COMPARISONS, _COMPARE),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*@/", _PRODUCT),
    "**": _POWER,
}
OPERATORS = tuple(_BINDING)


class Expression:
    """A node of a formula's tree; `str(expression)` is its canonical source."""

    def __str__(self) -> str:
        return _source(self, _COMPARE)


@dataclass(frozen=True)
class Number(Expression):
    """A number as it stands in a formula: never negative (that is a Negate), always finite."""

    value: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.copysign(1, self.value) > 0):
            raise ValueError(f"a Number is finite and not negative, got {self.value!r}")


@dataclass(frozen=True)
class Letter(Expression):
    """The name of an array or a scalar."""

    name: str


@dataclass(frozen=True)
class Negate(Expression):
    """−operand."""

    operand: Expression


@dataclass(frozen=True)
class Transpose(Expression):
    """operandᵀ."""

    operand: Expression


@dataclass(frozen=True)
class Binary(Expression):
    """Two operands and one of `+ - * @ / **` or a comparison."""

    operator: str
    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        if self.operator not in _BINDING:
            raise ValueError(f"unknown operator {self.operator!r}")


@dataclass(frozen=True)
class Call(Expression):
    """A function by name, applied to its arguments."""

    name: str
    arguments: tuple[Expression, ...]


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the nodes right below this one."""
    match expression:
        case Negate(operand) | Transpose(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
    return ()


def rebuilt(expression: Expression, new: tuple[Expression, ...]) -> Expression:
    """Return the same node over new children."""
    match expression:
        case Negate():
            return Negate(*new)
        case Transpose():
            return Transpose(*new)
        case Binary(operator):
            return Binary(operator, *new)
        case Call(name):
            return Call(name, new)
    return expression


def walk(expression: Expression) -> Iterator[Expression]:
    """Give the node itself and everything below it, left to right."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def letters_in(expression: Expression) -> tuple[str, ...]:
    """Return the names that the expression needs, each once, in order of appearance."""
    return tuple(dict.fromkeys(n.name for n in walk(expression) if isinstance(n, Letter)))


def substitute(expression: Expression, letters: Mapping[str, Expression]) -> Expression:
    """Return the expression with every letter that `letters` names replaced, all at once.

    >>> a_minus_1 = Binary("-", Letter("a"), Number(1))
    >>> print(substitute(a_minus_1, {"a": Letter("Y")}))
    Y - 1
    """
    if isinstance(expression, Letter):
        return letters.get(expression.name, expression)
    return rebuilt(expression, tuple(substitute(c, letters) for c in children(expression)))


def _source(expression: Expression, at_least: int) -> str:
    text, binding = _written(expression)
    return text if binding >= at_least else f"({text})"


def _written(expression: Expression) -> tuple[str, int]:
    match expression:
        case Number(value):
            return repr(value), _ATOM
        case Letter(name):
            return name, _ATOM
        case Negate(operand):
            return "-" + _source(operand, _UNARY), _UNARY
        case Transpose(Number(value)):  # 2.T would read as the float 2. and a T
            return f"({value!r}).T", _ATOM
        case Transpose(operand):
            return _source(operand, _ATOM) + ".T", _ATOM
        case Call(name, arguments):
            return f"{name}({', '.join(_source(a, _COMPARE) for a in arguments)})", _ATOM
        case Binary("**", left, right):  # binds to the right, and takes a minus there: 2**-x
            return f"{_source(left, _ATOM)}**{_source(right, _UNARY)}", _POWER
        case Binary(operator, left, right):
            binding = _BINDING[operator]
            lowest = binding if operator not in COMPARISONS else _SUM  # comparisons do not chain
            text = f"{_source(left, lowest)} {operator} {_source(right, binding + 1)}"
            return text, binding
    raise TypeError(f"not a formula's node: {type(expression).__name__}")
