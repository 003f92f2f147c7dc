"""Every slip that is tried, the likeliest reading first where two fit the numbers alike."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis import (
    accumulation,
    derivatives,
    scale,
    softmax,
    sums,
    transposes,
    updates,
)
from chainrule.checking.diagnosis.hypothesis import Hypothesis, Mutation, Site
from chainrule.checking.recognition.program import Program

HYPOTHESES: list[Hypothesis] = [
    *updates.HYPOTHESES,
    *accumulation.HYPOTHESES,
    *sums.HYPOTHESES,
    *softmax.HYPOTHESES,
    *transposes.HYPOTHESES,
    *derivatives.HYPOTHESES,
    *scale.HYPOTHESES,
]


def mutations(program: Program) -> Iterator[Mutation]:
    """Give every slip at every line of a program."""
    for line, formula in program.backward.items():
        site = Site(program, line, formula)
        for hypothesis in HYPOTHESES:
            for change in hypothesis.changes(site):
                if change.wrong != formula or change.lines:
                    yield Mutation(hypothesis, site, change)
