"""What a slip is: a way to change right formulas into the wrong ones that somebody wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chainrule.checking.recognition.program import Program
from chainrule.formulas import Binary, Expression, Letter, Negate, Number
from chainrule.formulas.tree import children, rebuilt

Claim = Literal["gradient", "convention"]


@dataclass(frozen=True)
class Site:
    """One line of a right backward pass, where a slip may have been made."""

    program: Program
    line: str
    formula: Expression

    @property
    def letter(self) -> str:
        """What the line is the gradient of: W for dW."""
        return self.line[1:]

    @property
    def of_bias(self) -> bool:
        """Whether the line is the gradient of a bias."""
        return self.letter.startswith(("b", "g"))

    @property
    def of_loss(self) -> bool:
        """Whether this is the line where the loss's own derivative stands."""
        return "J" in self.program.forward and self.line == next(iter(self.program.backward))


@dataclass(frozen=True)
class Change:
    """One way to get a line wrong.

    `says` is the verdict in a sentence, `note` what else there is to know; `right` is how the right
    line is shown beside it (None: as it stands), `instead` what is said in its place where the
    mistake is elsewhere. `lines` holds further lines changed with it.
    """

    wrong: Expression
    says: str
    note: str = ""
    right: Expression | None = None
    lines: Mapping[str, Expression] = field(default_factory=dict)
    claim: Claim | None = None
    instead: str = ""


@dataclass(frozen=True)
class Hypothesis:
    """A slip: its name, whether it blames the gradient or a convention, and how it is made."""

    name: str
    changes: Callable[[Site], Iterator[Change]]
    claim: Claim = "gradient"


@dataclass(frozen=True)
class Mutation:
    """A hypothesis applied to one line of a program."""

    hypothesis: Hypothesis
    site: Site
    change: Change

    @property
    def lines(self) -> dict[str, Expression]:
        """The wrong lines."""
        return {self.site.line: self.change.wrong, **self.change.lines}

    @property
    def claim(self) -> Claim:
        """Whether the gradient is wrong, or follows another convention."""
        return self.change.claim or self.hypothesis.claim


def variants(
    expression: Expression, change: Callable[[Expression], Iterator[Expression]]
) -> Iterator[Expression]:
    """Give the expression with one of its nodes exchanged, for every node and every way."""
    yield from change(expression)
    below = children(expression)
    for i, child in enumerate(below):
        for new in variants(child, change):
            yield rebuilt(expression, (*below[:i], new, *below[i + 1 :]))


def factors(expression: Expression) -> list[Expression]:
    """Return the factors of an entrywise product, left to right."""
    if isinstance(expression, Binary) and expression.operator == "*":
        return [*factors(expression.left), *factors(expression.right)]
    return [expression]


def product_of(parts: list[Expression]) -> Expression:
    """Return an entrywise product of some factors; 1 for none."""
    result: Expression | None = None
    for part in parts:
        result = part if result is None else Binary("*", result, part)
    return result or Number(1)


def scaled(expression: Expression, sign: str, by: str | float) -> Expression:
    """Return the expression times or divided by a letter or a number, the number first."""
    other: Expression = Letter(by) if isinstance(by, str) else Number(by)
    if sign == "*":
        if isinstance(expression, Binary) and expression.operator in "+-":
            return Binary("*", other, expression)
        return Binary("*", other, expression)
    return Binary("/", expression, other)


def negated(expression: Expression) -> Expression:
    """Return −expression, without two minus signs."""
    return expression.operand if isinstance(expression, Negate) else Negate(expression)
