"""A formula on real arrays: the proof that formula, code and number are one.

`samples` says which way the arrays lie: "rows" (X is (m, n), a bias (n,)) or "columns" (X is
(n, m), a bias (n, 1)), so that the sums by meaning find their axis.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.derivation import Function
from chainrule.errors import ChainruleError, ConfigurationError, ShapeError, unknown_name
from chainrule.formulas.functions import (
    Functions,
    Known,
    Operation,
    derivative_of,
    entry,
    known_names,
    require_arity,
)
from chainrule.formulas.parse import as_expression
from chainrule.formulas.tree import (
    COMPARISONS,
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    letters_in,
)

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "@": operator.matmul,
    "/": operator.truediv,
    "**": operator.pow,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}


def evaluate(
    formula: str | Expression,
    letters: Mapping[str, Any],
    functions: Functions | None = None,
    samples: str = "rows",
) -> Any:
    """Return the value of a formula on the arrays and numbers of `letters`.

    Raises ConfigurationError for a letter or function that is not known, ShapeError (with the
    part of the formula and its shapes) for arrays that do not fit.

    >>> X, W = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> evaluate("X @ W + b", {"X": X, "W": W, "b": np.array([0.5])})
    array([[11.5]])
    >>> evaluate("batch_sum(X)", {"X": X.T}, samples="columns")
    array([[1.], [2.]])
    """
    if samples not in ("rows", "columns"):
        raise unknown_name("place of the samples", samples, ["rows", "columns"])
    # exp may overflow to infinity on the way to a finite value: 1 / (1 + exp(1000)) is 0.
    with np.errstate(over="ignore"):
        return _Scope(letters, functions or {}, samples).value(as_expression(formula))


def run(
    lines: Mapping[str, str | Expression],
    letters: Mapping[str, Any],
    functions: Functions | None = None,
    samples: str = "rows",
) -> dict[str, Any]:
    """Execute lines in their order, each seeing the ones above; return every name and value.

    >>> run({"m": "m / 2", "p": "p - m"}, {"p": 1.0, "m": 1.0})
    {'p': 0.5, 'm': 0.5}
    """
    values = dict(letters)
    for name, formula in lines.items():
        try:
            values[name] = evaluate(formula, values, functions, samples)
        except ChainruleError as error:
            raise type(error)(f'in the line "{name} = {formula}": {error}') from error
    return values


@dataclass(frozen=True)
class _Scope:
    letters: Mapping[str, Any]
    functions: Functions
    samples: str

    def value(self, expression: Expression) -> Any:
        match expression:
            case Number(value):
                return float(value)  # a float, for 9**9**9 in integers would never end
            case Letter(name):
                if name not in self.letters:
                    raise unknown_name("letter", name, self.letters)
                return self.letters[name]
            case Negate(operand):
                return -self.value(operand)
            case Transpose(operand):
                value = self.value(operand)
                return value if isinstance(value, int | float) else value.T
            case Binary(sign, left, right):
                return self.binary(expression, sign, self.value(left), self.value(right))
            case Call(name, arguments):
                return self.call(expression, name, [self.value(a) for a in arguments])
        raise TypeError(f"not a formula's node: {type(expression).__name__}")

    def binary(self, expression: Expression, sign: str, left: Any, right: Any) -> Any:
        try:
            if sign in COMPARISONS:
                holds = _ARITHMETIC[sign](left.real, right.real)
                # 1 and 0 in the operands' own type, since numpy cannot subtract booleans.
                dtype = np.result_type(left.real, right.real)
                return holds.astype(dtype) if hasattr(holds, "astype") else float(holds)
            result = _ARITHMETIC[sign](left, right)
        except (ValueError, TypeError) as error:
            raise _does_not_fit(expression, (left, right), error) from None
        except (ZeroDivisionError, OverflowError) as error:
            raise ConfigurationError(f"{expression}: {error.args[-1]}") from None
        if type(result) is complex and type(left) is float and type(right) is float:
            raise ConfigurationError(f"{expression}: a broken power of a negative number")
        return result

    def call(self, expression: Expression, name: str, arguments: list[Any]) -> Any:
        if name not in self.functions and (function := derivative_of(name, self.functions)):
            require_arity(name, 1, len(arguments))
            return self.derivative(name[2:], function, arguments[0])
        found = entry(name, self.functions)
        if found is None:
            raise unknown_name("function", name, known_names(self.functions))
        if isinstance(found, Function):
            require_arity(name, 1, len(arguments))
            return self.inside(name, x=arguments[0]).value(as_expression(found.definition))
        if isinstance(found, Operation):
            require_arity(name, found.arity, len(arguments))
        return self.apply(expression, found, arguments)

    def apply(self, expression: Expression, operation: Known, arguments: list[Any]) -> Any:
        try:
            if not isinstance(operation, Operation):
                return operation(*arguments)  # type: ignore[operator]
            if operation.elementwise:
                return operation.evaluate(*arguments)
            return operation.evaluate(*arguments, samples=self.samples)
        except ShapeError as error:
            raise ShapeError(f"{expression}: {error}") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise _does_not_fit(expression, arguments, error) from None

    def derivative(self, name: str, function: Function, x: Any) -> Any:
        formula = as_expression(function.derivative)
        scope = self.inside(name, x=x)
        if "a" in letters_in(formula):
            scope = self.inside(name, x=x, a=scope.value(as_expression(function.definition)))
        return scope.value(formula)

    def inside(self, name: str, **letters: Any) -> _Scope:
        """Return the scope of a definition: its own letters first, and not itself by name.

        So `tanh` may be defined as "tanh(x)", the standard one, and no definition runs forever.
        """
        others = {n: f for n, f in self.functions.items() if n != name}
        return replace(self, letters={**self.letters, **letters}, functions=others)


def _does_not_fit(expression: Expression, values: Any, error: Exception) -> ShapeError:
    shapes = " and ".join(str(np.shape(v)) for v in values)
    return ShapeError(f"{expression}: shapes {shapes} do not fit ({error})")
