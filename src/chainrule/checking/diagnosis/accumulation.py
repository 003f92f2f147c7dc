"""Slips where a value is used twice: one gradient overwrites the other, where they should add."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Site
from chainrule.formulas import Binary, Expression


def _terms(formula: Expression) -> list[Expression]:
    if isinstance(formula, Binary) and formula.operator == "+":
        return [*_terms(formula.left), *_terms(formula.right)]
    return [formula]


def overwritten(site: Site) -> Iterator[Change]:
    """Give one term of a sum of gradients alone."""
    terms = _terms(site.formula)
    if len(terms) < 2:
        return
    name = "{" + site.letter + "}"
    says = f"{name} is used twice, so its gradients add up; here one overwrites the other."
    for term in terms:
        yield Change(
            term, says, "Each use of a value sends back a gradient of its own: += in place of =."
        )


HYPOTHESES = [Hypothesis("gradient overwritten", overwritten)]
