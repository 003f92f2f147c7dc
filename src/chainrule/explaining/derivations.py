"""A layer's derivation as trees: `Derivation`'s strings read, and their values on real arrays.

Y[i,k] → Entry("Y", ("i", "k"))    sum(j, …) → Sum    partial(Y[i,k], X[i,j]) → Partial
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from chainrule.derivation import Derivation, Formulas
from chainrule.errors import ConfigurationError
from chainrule.explaining.entries import Entry, Partial, Sum, below, over
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Functions,
    Letter,
    Negate,
    Number,
    evaluate,
    parse,
    substitute,
)
from chainrule.formulas.functions import is_elementwise
from chainrule.formulas.tree import walk

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Eq: "==", ast.Gt: ">",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """`left = right = …  # remark` of a derivation."""

    left: Expression
    rights: tuple[Expression, ...]
    remark: str = ""


@lru_cache(maxsize=512)
def read_entry(text: str) -> Expression:
    """Return the tree of a formula over entries.

    Raises ConfigurationError for what this language does not have.

    >>> read_entry("2 * W[j,k]").right
    Entry(name='W', index=('j', 'k'))
    """
    try:
        return _node(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, KeyError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"derivation {text!r}: {error}") from None


def read_step(text: str) -> Step:
    """Return a step.

    >>> read_step("partial(L[i], Z[i,k]) = 2 * Z[i,k]  # why").remark
    'why'
    """
    equation, _, remark = text.partition("#")
    left, *rights = equation.split(" = ")
    return Step(read_entry(left), tuple(map(read_entry, rights)), remark.strip())


def _node(node: Any) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Number(value)
        case ast.Name(id=name):
            return Letter(name)
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=indices)):
            return Entry(name, tuple(ast.unparse(i) for i in indices))
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=index)):
            return Entry(name, (index,))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negate(_node(operand))
        case ast.BinOp(left=left, op=sign, right=right):
            return Binary(_SIGNS[type(sign)], _node(left), _node(right))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return Binary(_SIGNS[type(sign)], _node(left), _node(right))
        case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=index), body]):
            return Sum(index, _node(body))
        case ast.Call(func=ast.Name(id="partial"), args=[top, bottom]):
            return Partial(_node(top), _node(bottom))  # type: ignore[arg-type]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return Call(name, tuple(map(_node, arguments)))
    raise ConfigurationError(f"derivation: {ast.unparse(node)} is not understood")


def derivation_of(formulas: Formulas) -> Derivation | None:
    """Return what the layer states, or what its elementwise functions say; None without either."""
    return formulas.derivation or elementwise_derivation(formulas)


def elementwise_derivation(formulas: Formulas) -> Derivation | None:
    """Return the derivation of Y = f(X), where every output depends on its own input alone.

    >>> from chainrule.layers import ReLU
    >>> elementwise_derivation(ReLU.formulas).partials
    {'X[i,k]': 'd_relu(X[i,k])'}
    """
    forward, backward = formulas.forward.get("Y"), formulas.backward.get("dX")
    if forward is None or backward is None or len(formulas.forward) > 1:
        return None
    trees = [parse(forward), parse(backward)]
    for node in (n for tree in trees for n in walk(tree)):
        if isinstance(node, Binary) and node.operator == "@":
            return None
        if isinstance(node, Call) and not is_elementwise(node.name, formulas.functions):
            return None
    slope = simplest(substitute(trees[1], {"dY": Number(1)}))
    entry, partial = (_indexed(str(t)) for t in (trees[0], slope))
    return Derivation(entry, {"X[i,k]": partial})


def _indexed(source: str) -> str:
    tree = ast.parse(source, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("X", "Y"):
            node.id += "[i,k]"
    return ast.unparse(tree)


def simplest(expression: Expression) -> Expression:
    """Return a formula over entries without factors of 1 and terms of 0."""
    expression = over(expression, tuple(map(simplest, below(expression))))
    match expression:
        case Binary("*", Number(1), other) | Binary("*" | "/", other, Number(1)):
            return other
        case Binary("*", Number(0), _) | Binary("*", _, Number(0)):
            return Number(0)
        case Binary("+", Number(0), other) | Binary("+" | "-", other, Number(0)):
            return other
        case Binary("-", Number(0), other):
            return Negate(other)
        case Binary("**", other, Number(1)):
            return other
        case Binary("==", Letter(a), Letter(b)) if a == b:
            return Number(1)
        case Binary("==", Number(a), Number(b)):
            return Number(float(a == b))
        case Negate(Number(0)):
            return Number(0)
    return expression


def at(expression: Expression, places: Mapping[str, int | str]) -> Expression:
    """Return a formula with index letters replaced, by numbers from 0 or by other letters.

    >>> at(read_entry("X[i,j] * (k == j)"), {"i": 0, "j": 2, "k": 2})
    Binary(operator='*', left=Entry(name='X', index=(0, 2)), right=Number(value=1.0))
    """
    match expression:
        case Entry(name, index):
            return Entry(name, tuple(places.get(i, i) if isinstance(i, str) else i for i in index))
        case Sum(index, body):
            inner = {k: v for k, v in places.items() if k != index}
            new = places.get(index, index)
            return Sum(new if isinstance(new, str) else index, at(body, {**inner}))
        case Binary("==", a, b):
            left, right = (_named(side, places) for side in (a, b))
            if isinstance(left, Number) and isinstance(right, Number):
                return Number(float(left == right))
            return Binary("==", left, right)
    return over(expression, tuple(at(c, places) for c in below(expression)))


def _named(side: Expression, places: Mapping[str, int | str]) -> Expression:
    """Return one side of k = j: an index letter, or its number as the board counts."""
    if not isinstance(side, Letter) or side.name not in places:
        return side
    place = places[side.name]
    return Letter(place) if isinstance(place, str) else Number(place + 1)


def entry_value(
    expression: Expression,
    arrays: Mapping[str, Any],
    sizes: Mapping[str, int],
    functions: Functions | None = None,
) -> float:
    """Return the number of a formula whose entries are counted from 0; sums run over `sizes`.

    >>> entry_value(at(read_entry("sum(j, X[i,j])"), {"i": 0}), {"X": np.ones((1, 3))}, {"j": 3})
    3.0
    """
    return float(evaluate(_valued(expression, arrays, sizes), {}, functions or {}))


def _valued(
    expression: Expression, arrays: Mapping[str, Any], sizes: Mapping[str, int]
) -> Expression:
    match expression:
        case Entry(name, index):
            return _number(float(np.asarray(arrays[name])[tuple(index)]))  # type: ignore[arg-type]
        case Letter(name) if name in arrays:
            return _number(float(arrays[name]))
        case Sum(index, body):
            terms = [_valued(at(body, {index: n}), arrays, sizes) for n in range(sizes[index])]
            total = terms[0]
            for term in terms[1:]:
                total = Binary("+", total, term)
            return total
    return over(expression, tuple(_valued(c, arrays, sizes) for c in below(expression)))


def _number(value: float) -> Expression:
    return Negate(Number(-value)) if value < 0 else Number(abs(value))


def places_of(indices: tuple[Any, ...], place: tuple[int, ...]) -> dict[str, int] | None:
    """Return what each index letter is at a place, None where a letter would be two numbers."""
    found: dict[str, int] = {}
    if len(indices) != len(place):
        return None
    for letter, number in zip(indices, place, strict=True):
        if found.setdefault(letter, number) != number:
            return None
    return found


def all_places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return every index of an array of this shape."""
    return list(product(*map(range, shape)))
