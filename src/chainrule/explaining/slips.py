"""The usual slips on one line of a worksheet: each is the line's formula with one thing wrong.

A slip is found by recomputing: the formula's tree is changed as the student may have changed it,
and the slip whose numbers are the student's is the one that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.explaining.boxes import Boxes
from chainrule.explaining.numbers import PageLayout
from chainrule.explaining.page import Line
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Letter,
    Letters,
    Negate,
    Number,
    Transpose,
    evaluate,
    letters_in,
)
from chainrule.formulas.tree import children, rebuilt
from chainrule.namespace import Array

Changed = Iterator[tuple[str, Expression]]
ONE = Number(1)


@dataclass(frozen=True)
class Wrong:
    """A slip: what was done, in words, and what comes out."""

    words: str
    value: Array


@dataclass(frozen=True)
class Slips:
    """Every slip of one line; `values` are its letters' numbers, `others` what else is at hand."""

    line: Line
    values: Mapping[str, Array]
    others: Mapping[str, Array]
    letters: Letters
    samples: int
    outputs: Mapping[str, str]  # Z1 → A1, the activation's result by its argument

    def all(self) -> Iterator[Wrong]:
        """Give the slips, those that say most first."""
        rules: tuple[Callable[[Expression], Changed], ...] = (
            self.derivative, self.transposes, self.sums, self.normalising, self.signs,
            self.powers, self.parts, self.activation, self.products,
        )  # fmt: skip
        for rule in rules:
            for formula in reversed(self.line.formulas):
                for words, changed in everywhere(formula, rule):
                    yield from self.evaluated(words, changed)
        yield from self.scales()
        yield from self.exchanged()

    def text(self, expression: Expression) -> str:
        """Return a formula as it stands on the sheet."""
        layout = PageLayout(Boxes(), self.letters, self.line.functions)
        return layout.piece(expression).text

    def evaluated(
        self, words: str, formula: Expression, values: Mapping[str, Array] | None = None
    ) -> Iterator[Wrong]:
        """Give the slip's numbers, where the shapes allow any."""
        try:
            with np.errstate(all="ignore"):
                value = evaluate(
                    formula, values or self.values, self.line.functions, self.line.samples
                )
        except ChainruleError:
            return
        array = np.asarray(value, float)
        if np.isfinite(array).all():
            yield Wrong(words, array)

    # --- rules: what may go wrong at one node -----------------------------------------------

    def derivative(self, node: Expression) -> Changed:
        """Leave the derivative out, do not take it, or take it at another value."""
        if not isinstance(node, Call) or not node.name.startswith("d_") or len(node.arguments) != 1:
            return
        argument = node.arguments[0]
        shown = self.text(node)
        yield f"the derivative {shown} is left out", ONE
        function = self.text(Call(node.name[2:], (argument,)))
        yield (
            f"{function} is taken where its derivative {shown} belongs",
            Call(node.name[2:], (argument,)),
        )
        if isinstance(argument, Letter) and argument.name in self.outputs:
            output = Letter(self.outputs[argument.name])
            yield (
                f"the derivative is taken at {self.text(output)}; it belongs at "
                f"{self.text(argument)}",
                Call(node.name, (output,)),
            )
        if node.name == "d_sigmoid":
            yield (
                f"a·(1 − a) with {self.text(argument)} put in for a",
                Binary("*", argument, Binary("-", ONE, argument)),
            )

    def transposes(self, node: Expression) -> Changed:
        """Forget a transpose, take one too many, or exchange the factors."""
        match node:
            case Transpose(inner):
                yield f"{self.text(inner)} is not transposed", inner
            case Binary("@", left, right):
                for i, side in enumerate((left, right)):
                    if isinstance(side, Transpose):
                        continue
                    pair = (Transpose(left), right) if i == 0 else (left, Transpose(right))
                    yield f"{self.text(side)} is transposed, and must not be", Binary("@", *pair)
                if isinstance(left, Transpose):
                    plain = Binary("@", left.operand, Transpose(right))
                    yield f"the transpose stands at {self.text(right)}", plain
                yield "the factors of the matrix product are exchanged", Binary("@", right, left)

    def sums(self, node: Expression) -> Changed:
        """Leave out a sum, or take a mean in its place."""
        if not isinstance(node, Call) or len(node.arguments) != 1:
            return
        inner = node.arguments[0]
        over = {"batch_sum": "samples", "feature_sum": "entries"}.get(node.name)
        if over:
            yield f"the sum over the {over} is left out", inner
            mean = node.name.replace("sum", "mean")
            yield f"averaged over the {over}, where they are added up", Call(mean, (inner,))
        if node.name in ("batch_mean", "feature_mean"):
            total = node.name.replace("mean", "sum")
            yield "added up, where the mean is taken", Call(total, (inner,))

    def normalising(self, node: Expression) -> Changed:
        """Take softmax without its sum."""
        if isinstance(node, Call) and node.name == "softmax":
            inner = node.arguments[0]
            yield "the exponentials are not divided by their sum", Call("exp", (inner,))
            yield "softmax is taken entry by entry, as a sigmoid", Call("sigmoid", (inner,))

    def signs(self, node: Expression) -> Changed:
        """Turn a sign."""
        match node:
            case Binary("-", left, right):
                yield (
                    f"{self.text(right)} is added, where it is subtracted",
                    Binary("+", left, right),
                )
                turned = self.text(Binary("-", right, left))
                yield f"the sign is turned: {turned}", Binary("-", right, left)
            case Binary("+", left, right):
                yield (
                    f"{self.text(right)} is subtracted, where it is added",
                    Binary("-", left, right),
                )
            case Negate(inner):
                yield "the minus is left out", inner
        if node in self.line.formulas:
            yield "the sign is turned", Negate(node)

    def powers(self, node: Expression) -> Changed:
        """Forget a square."""
        match node:
            case Binary("**", base, exponent):
                yield f"the power {self.text(exponent)} is left out", base
                yield "doubled, where it is squared", Binary("*", exponent, base)

    def parts(self, node: Expression) -> Changed:
        """Forget one part of a sum or product."""
        match node:
            case Binary("/", top, Number(2)):
                yield "the factor ½ is left out", top
            case Binary("/", top, bottom):
                yield f"the division by {self.text(bottom)} is left out", top
                yield f"multiplied by {self.text(bottom)}, not divided", Binary("*", top, bottom)
            case Binary("*", Binary("/", Number(1), below), right):
                yield f"the factor 1/{self.text(below)} is left out", right
            case Binary("*", left, right):
                yield f"the factor {self.text(left)} is left out", right
                yield f"the factor {self.text(right)} is left out", left
            case Binary("+" | "-", left, right):
                yield f"{self.text(right)} is left out", left
                if not isinstance(left, Number):
                    yield f"{self.text(left)} is left out", right

    def activation(self, node: Expression) -> Changed:
        """Do not apply the function, apply another one, or turn its argument's sign."""
        if not isinstance(node, Call) or len(node.arguments) != 1 or node.name.startswith("d_"):
            return
        inner = node.arguments[0]
        if node.name not in self.line.functions and node.name not in ("log", "exp", "softmax"):
            return
        yield f"{self.text(node)} is left out: these are the numbers before it", inner
        turned = self.text(Negate(inner))
        yield f"taken at {turned}: the exponent's sign is turned", Call(node.name, (Negate(inner),))
        for other, sign in (("sigmoid", "σ"), ("tanh", "tanh"), ("maximum", "ReLU")):
            if other == node.name or (other == "maximum" and node.name == "relu"):
                continue
            arguments = (inner, Number(0)) if other == "maximum" else (inner,)
            yield f"{sign} is taken where {self.text(node)} belongs", Call(other, arguments)

    def products(self, node: Expression) -> Changed:
        """Take a matrix product entry by entry."""
        match node:
            case Binary("@", left, right):
                yield (
                    "multiplied entry by entry, where it is a matrix product",
                    Binary("*", left, right),
                )

    # --- slips of the result as a whole -----------------------------------------------------

    def scales(self) -> Iterator[Wrong]:
        """Give the whole result by a factor: 2, ½, m, 1/m, or in the other logarithm."""
        right = self.computed()
        factors = [(2.0, "a factor 2 too many"), (0.5, "a factor ½ too many")]
        if self.samples > 1:
            by_m = [(float(self.samples), "the factor 1/m is left out, or m is one too many")]
            factors = [*by_m, (1 / self.samples, "1/m is taken once too often"), *factors]
        for factor, words in factors:
            yield Wrong(words, factor * right)
        if any("log(" in str(f) for f in self.line.formulas):
            yield Wrong("the logarithm to base 10, where the natural one is meant", right / log(10))
        if right.ndim == 2 and min(right.shape) > 1:
            yield Wrong("the result is transposed", right.T)

    def exchanged(self) -> Iterator[Wrong]:
        """Put another value of the sheet in a letter's place."""
        formula = self.line.formulas[-1]
        for used in letters_in(formula):
            for name, value in self.others.items():
                same = np.shape(value) == np.shape(self.values[used])
                if name == used or not same or np.array_equal(value, self.values[used]):
                    continue
                here, there = self.text(Letter(used)), self.text(Letter(name))
                words = f"{there} is put in where {here} belongs"
                if name == f"{used}′":
                    words = f"the updated {there} is used; this line takes {here} as it was"
                yield from self.evaluated(words, formula, {**self.values, used: value})

    def computed(self) -> Array:
        """Return the line's right result from these values."""
        formula = self.line.formulas[-1]
        value = evaluate(formula, self.values, self.line.functions, self.line.samples)
        return np.asarray(value, float)


def everywhere(expression: Expression, rule: Callable[[Expression], Changed]) -> Changed:
    """Give the formula changed by a rule at each of its nodes in turn."""
    yield from rule(expression)
    kids = children(expression)
    for i, kid in enumerate(kids):
        for words, new in everywhere(kid, rule):
            yield words, rebuilt(expression, (*kids[:i], new, *kids[i + 1 :]))
