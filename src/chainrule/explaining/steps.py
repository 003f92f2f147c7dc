"""A page's blocks as rows of formulas in any form: what HTML, LaTeX, Markdown and JSON share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.explaining.numbers import (
    PageForm,
    PageLayout,
    drawn,
    numbers,
    result,
    written,
)
from chainrule.explaining.page import Chain, Equation, Factor, Line
from chainrule.formulas import Expression, Letter, Letters, Number


@dataclass(frozen=True)
class Steps:
    """`left = formula = … = numbers = result`; "" for what is not there."""

    left: str
    formulas: tuple[str, ...]
    numbers: str
    result: str

    @property
    def rights(self) -> tuple[str, ...]:
        """Return everything right of an equals sign."""
        return (*self.formulas, *(part for part in (self.numbers, self.result) if part))


@dataclass(frozen=True)
class FactorSteps:
    """One derivative, what it is in letters ("" where not said), and its number."""

    derivative: str
    formula: str
    number: str


@dataclass(frozen=True)
class ChainSteps:
    """A chain's parts; `terms` are the sum's products, `rest` what the products left out add."""

    left: str
    general: tuple[str, ...]
    terms: tuple[tuple[FactorSteps, ...], ...]
    rest: str
    result: str


def line_steps(form: PageForm, line: Line, letters: Letters) -> Steps:
    """Return the rows of a line."""
    left, end = written(form, Letter(line.left), letters), result(form, line)
    if not line.formulas or isinstance(line.formulas[-1], Number):
        return Steps(left, (), "", end)
    formulas = tuple(written(form, f, letters, line=line) for f in line.formulas)
    return Steps(left, formulas, numbers(form, line, letters), end)


def equation_steps(form: PageForm, one: Equation, letters: Letters) -> Steps:
    """Return the rows of an equation."""
    layout = PageLayout(form, letters, one.functions)
    end = "" if one.result is None else drawn(form, one.result, one.result.ndim > 0)
    rights = tuple(layout.piece(r).text for r in one.rights)
    return Steps(layout.piece(one.left).text, rights, "", end)


def chain_steps(form: PageForm, chain: Chain, letters: Letters) -> ChainSteps:
    """Return the parts of a chain."""
    layout = PageLayout(form, letters, chain.functions)

    def number(value: float) -> str:
        return drawn(form, np.array(value), brackets=False)

    def formula(expression: Expression | None) -> str:
        if expression is None:
            return ""
        return layout.fenced(layout.piece(expression), 2).text

    def steps(factor: Factor) -> FactorSteps:
        return FactorSteps(
            layout.piece(factor.derivative).text, formula(factor.formula), number(factor.value)
        )

    return ChainSteps(
        layout.piece(chain.left).text,
        tuple(layout.piece(g).text for g in chain.general),
        tuple(tuple(map(steps, product)) for product in chain.products),
        number(chain.omitted[1]) if chain.omitted[0] else "",
        number(chain.result),
    )


def remarks(line: Line) -> str:
    """Return what is said beside a line: its shapes, its remark."""
    return ", ".join(part for part in (line.shapes, line.remark) if part)


def nudged(chain: Chain) -> str:
    """Return a chain's comparison with its numeric derivative, "" without one."""
    if chain.nudge is None:
        return ""
    exact, numeric = (f"{v:.12f}".replace("-", "−") for v in (chain.result, chain.nudge))
    return f"chain rule {exact}, nudge [L(p + ε) − L(p − ε)] / 2ε {numeric}"
