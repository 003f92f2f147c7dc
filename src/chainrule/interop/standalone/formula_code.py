"""A layer's own formula as code: `maximum(X, slope * X)` becomes a line of NumPy, or of C.

That is how every layer is written out whose forward formula can be computed as it stands, those of
users among them. `log(1 + x)` and `exp(x) - 1` are written as log1p and expm1, which lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chainrule.derivation import Formulas, Function
from chainrule.errors import ConfigurationError
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
    evaluate,
    letters_in,
    parse,
    substitute,
)
from chainrule.formulas.tree import COMPARISONS
from chainrule.interop.program import Operation

# Functions that layers define in the language and a dialect has a safer word for.
SAME = {
    ("sigmoid", "1 / (1 + exp(-x))"): "sigmoid",
    ("softplus", "maximum(x, 0) + log(1 + exp(-abs(x)))"): "softplus",
    ("tanh", "tanh(x)"): "tanh",
}
ONE, TWO = Number(1), Number(2)


@dataclass(frozen=True)
class Dialect:
    """How a target language writes numbers, operators and functions; {0}, {1}, … are arguments."""

    name: str
    number: Callable[[float], str]
    functions: Mapping[str, str]
    operators: Mapping[str, str]
    transpose: str | None = None


@dataclass(frozen=True)
class FormulaCode:
    """The lines of one layer's forward pass in a dialect; `letters` maps letters to code."""

    dialect: Dialect
    formulas: Formulas
    letters: Mapping[str, str]
    place: str

    def lines(self) -> list[tuple[str, str]]:
        """Return (letter, code) for each line of the formula."""
        known, written = dict(self.letters), []
        for letter, formula in self.formulas.forward.items():
            code = FormulaCode(self.dialect, self.formulas, known, self.place)
            written.append((letter, code.write(parse(formula))))
            known[letter] = letter
        return written

    def write(self, expression: Expression) -> str:
        """Return the code of an expression; what binds less tightly is in parentheses."""
        write = self.write
        if not isinstance(expression, Number) and not letters_in(expression):
            # Worked out here, for np.sqrt(2) would make float64 of a float32 network.
            return self.dialect.number(float(evaluate(expression, {})))
        match expression:
            case Number(value):
                return self.dialect.number(value)
            case Letter(name):
                if name not in self.letters:
                    raise self.refused(f'the letter "{name}" of its formula is no weight of it')
                return self.letters[name]
            case Negate(operand):
                return f"(-{write(operand)})"
            case Transpose(operand) if self.dialect.transpose:
                return self.dialect.transpose.format(write(operand))
            case Binary("-", Call("exp", (x,)), right) if right == ONE:
                return self.apply("expm1", x)
            case Binary("*", Number(factor), right) if factor == 1:
                return write(right)
            case Binary("**", x, power) if power == TWO and "square" in self.dialect.functions:
                return self.apply("square", x)
            case Binary(operator, left, right) if operator in self.dialect.operators:
                return self.dialect.operators[operator].format(write(left), write(right))
            case Call("log", (Binary("+", left, x),)) if left == ONE:
                return self.apply("log1p", x)
            case Call("where", (Binary(operator, left, right), x, y)) if operator in COMPARISONS:
                condition = f"{write(left)} {operator} {write(right)}"
                return self.dialect.functions["where"].format(condition, write(x), write(y))
            case Call(name, arguments):
                return self.call(name, arguments)
        raise self.refused(f"{expression} cannot be written in {self.dialect.name}")

    def call(self, name: str, arguments: tuple[Expression, ...]) -> str:
        defined = self.formulas.functions.get(name)
        if isinstance(defined, Function):
            same = SAME.get((name, defined.definition))
            if same is None:
                return self.write(substitute(parse(defined.definition), {"x": arguments[0]}))
            name = same
        return self.apply(name, *arguments)

    def apply(self, name: str, *arguments: Expression) -> str:
        if name not in self.dialect.functions:
            raise self.refused(f'its formula uses "{name}", which has no {self.dialect.name} code')
        return self.dialect.functions[name].format(*map(self.write, arguments))

    def refused(self, why: str) -> ConfigurationError:
        """Return the error for a layer that cannot be written."""
        return ConfigurationError(f"{self.place} cannot be exported to {self.dialect.name}: {why}")


def formula_code(
    op: Operation, dialect: Dialect, letters: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the lines of an operation from its formula; raise ConfigurationError where none is."""
    if not op.formulas.forward:
        raise ConfigurationError(
            f"{op.place} cannot be exported to {dialect.name}: it states no formula"
        )
    lines = FormulaCode(dialect, op.formulas, letters, op.place).lines()
    if lines[-1][0] != "Y":
        raise ConfigurationError(f"{op.place} cannot be exported: its formula does not end in Y")
    return lines
