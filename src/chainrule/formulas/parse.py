"""From the text of a formula to its tree.

The text is Python's expression syntax, read with `ast` and never run: names, numbers, `+ - * @ /
**`, one comparison, `.T` and calls by name. Everything else is refused with its place, and length
and depth are bounded, since formulas may come from a user's file.
"""

from __future__ import annotations

import ast
import math
from functools import lru_cache

from chainrule.errors import ConfigurationError
from chainrule.formulas.tree import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
)

MAX_LENGTH = 2000
MAX_DEPTH = 100

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
}
_REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "the only attribute is .T",
    ast.Subscript: "no subscripts: name the part and use its name",
    ast.BoolOp: "no and/or: multiply the conditions",
    ast.IfExp: "no if/else: use where(condition, a, b)",
    ast.Lambda: "no lambda",
    ast.Tuple: "a single formula, no tuple",
    ast.List: "no lists",
    ast.NamedExpr: "no assignment: the name on the left is the key of the line",
}


@lru_cache(maxsize=2048)
def parse(text: str) -> Expression:
    """Return the tree of a formula.

    Raises ConfigurationError, with the place, for whatever the language does not have.

    >>> parse("X @ W + b")
    Binary(operator='+', left=Binary(operator='@', ...), right=Letter(name='b'))
    >>> print(parse("(X@W)+b"))
    X @ W + b
    >>> parse("X.sum()")
    Traceback (most recent call last):
    chainrule.errors.ConfigurationError: formula "X.sum()", column 1: a function is called by ...
    """
    if not isinstance(text, str):
        raise ConfigurationError(f"a formula is a string, got {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise ConfigurationError(
            f'formula "{text[:30]}…": {len(text)} characters, at most {MAX_LENGTH} are read'
        )
    stripped = text.strip()
    if not stripped or "\n" in stripped or "#" in stripped:
        raise ConfigurationError(
            f"formula {text!r}: expected one expression on one line, without comments"
        )
    try:
        body = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        # Python's own words; an offset past the text means that it ends too early.
        column = min(max(error.offset or 1, 1), len(stripped))
        raise _error(stripped, column, error.msg) from None
    except (RecursionError, MemoryError):
        raise _too_deep(stripped) from None
    except ValueError as error:  # null bytes, numbers of thousands of digits
        raise _error(stripped, 1, str(error)) from None
    return _Reader(stripped).node(body, 1)


def as_expression(formula: str | Expression) -> Expression:
    """Return the formula as a tree, parsing it where it is still text."""
    return formula if isinstance(formula, Expression) else parse(formula)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def node(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _too_deep(self.text)
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name():
                return Letter(node.id)
            case ast.UnaryOp(op=ast.USub()):
                return Negate(self.node(node.operand, depth + 1))
            case ast.BinOp() if type(node.op) in _OPERATORS:
                left, right = self.node(node.left, depth + 1), self.node(node.right, depth + 1)
                return Binary(_OPERATORS[type(node.op)], left, right)
            case ast.Compare():
                return self.comparison(node, depth)
            case ast.Attribute(attr="T"):
                return Transpose(self.node(node.value, depth + 1))
            case ast.Call():
                return self.call(node, depth)
        raise self.refusal(node, _REFUSED.get(type(node)))

    def number(self, node: ast.Constant) -> Number:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusal(node, f"only real numbers, got {value!r:.40}")
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise self.refusal(node, "this number is too large for a float")
        return Number(value)

    def comparison(self, node: ast.Compare, depth: int) -> Binary:
        if len(node.ops) != 1:
            raise self.refusal(node, "one comparison at a time: (a < x) * (x < b)")
        operator = _OPERATORS.get(type(node.ops[0]))
        if operator is None:
            raise self.refusal(node, "comparisons are > >= < <= ==")
        left = self.node(node.left, depth + 1)
        return Binary(operator, left, self.node(node.comparators[0], depth + 1))

    def call(self, node: ast.Call, depth: int) -> Call:
        if not isinstance(node.func, ast.Name):
            raise self.refusal(node, "a function is called by its name: feature_sum(X), exp(X)")
        starred = any(isinstance(a, ast.Starred) for a in node.args)
        if node.keywords or starred or not node.args:
            raise self.refusal(node, f"{node.func.id} takes its arguments by position")
        return Call(node.func.id, tuple(self.node(a, depth + 1) for a in node.args))

    def refusal(self, node: ast.expr, why: str | None) -> ConfigurationError:
        why = why or "expected names, numbers, + - * @ / **, one comparison, .T or calls by name"
        # ast counts in bytes of UTF-8, people in characters.
        characters = len(self.text.encode()[: node.col_offset].decode(errors="ignore"))
        return _error(self.text, characters + 1, why)


def _error(text: str, column: int, why: str) -> ConfigurationError:
    if len(text) > 80:  # show the part around the place
        start = max(0, min(column - 40, len(text) - 80))
        text = ("…" if start else "") + text[start : start + 80] + "…"
    return ConfigurationError(f'formula "{text}", column {column}: {why}')


def _too_deep(text: str) -> ConfigurationError:
    return ConfigurationError(
        f'formula "{text[:30]}…": more than {MAX_DEPTH} levels deep; give parts a line of their own'
    )
