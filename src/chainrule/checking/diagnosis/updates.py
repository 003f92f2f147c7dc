"""Slips of order: a weight is updated before it has carried the error back."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Site
from chainrule.formulas import Letter, letters_in, substitute


def updated_first(site: Site) -> Iterator[Change]:
    """Give the line with the weight as it is after the update, W′."""
    for name in letters_in(site.formula):
        if name[:1] in "Wbg" and name in site.program.variables:
            wrong = substitute(site.formula, {name: Letter(f"{name}′")})
            yield Change(
                wrong,
                "{" + name + "} is updated before it is used to carry the error back.",
                "{" + name + "′} is {" + name + "} after the update. Compute every gradient first, "
                "then update.",
            )


HYPOTHESES = [Hypothesis("updated before use", updated_first)]
