"""Try every slip against the numbers of several batches; keep the one that gives yours exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.checking.diagnosis.hypothesis import Mutation, Site
from chainrule.checking.diagnosis.table import HYPOTHESES, mutations
from chainrule.checking.recognition.program import Program, gradient_to_rows, to_rows
from chainrule.checking.subject import Reply, Trial
from chainrule.errors import ChainruleError
from chainrule.formulas import letters_in

EXACT = 1e-6  # how well a slip must give the student's numbers, relative to their largest
COARSE = 1e-3  # the same for code that computes in float32
MOST_PAIRS = 6000


@dataclass(frozen=True)
class Case:
    """One batch: all values of the right pass, and the gradients that the code gave, in rows."""

    trial: Trial
    values: Mapping[str, Any]
    received: Mapping[str, Any]  # by line: dW


@dataclass(frozen=True)
class Finding:
    """A slip that explains some gradients: `mutations` is one, or two made at once.

    `explained` are the lines that it gives exactly; `closest` another slip, and how far off it is.
    """

    mutations: tuple[Mutation, ...]
    explained: tuple[str, ...]
    cases: Sequence[Case] = field(repr=False, default=())
    closest: tuple[str, float] | None = None

    @property
    def slip(self) -> str:
        """The slip's name."""
        return self.mutations[0].hypothesis.name

    @property
    def claim(self) -> str:
        """Whether the gradient is wrong, or follows another convention."""
        return self.mutations[0].claim


def cases_of(program: Program, pairs: Sequence[tuple[Trial, Reply]]) -> list[Case]:
    """Return the batches as the search needs them."""
    cases = []
    for trial, reply in pairs:
        letters = program.letters(trial)
        for letter, variable in program.variables.items():
            if variable in reply.after:
                letters[f"{letter}′"] = to_rows(letter, reply.after[variable], program.notation)
        values = program.run_backward(program.run_forward(letters))
        received = {
            line: gradient_to_rows(line[1:], reply.gradients[variable], program.notation)
            for line, variable in program.gradients.items()
            if variable in reply.gradients
        }
        cases.append(Case(trial, values, received))
    return cases


def search(
    program: Program, cases: Sequence[Case], wrong: Sequence[str], within: float = EXACT
) -> list[Finding]:
    """Return the slips that explain the wrong lines; a line that none explains is in none."""
    left, found = set(wrong), []
    everything = list(mutations(program))
    right = [line for line in cases[0].received if line not in wrong]
    while left:
        best = _best(program, cases, everything, left, right, within)
        if best is None:
            best = _best_pair(program, cases, everything, left, right, within)
        if best is None:
            break
        found.append(_with_closest(best, program, cases, everything))
        left -= set(best.explained)
    return found


def _best(
    program: Program,
    cases: Sequence[Case],
    candidates: Sequence[Mutation],
    left: set[str],
    right: Sequence[str],
    within: float,
) -> Finding | None:
    best: Finding | None = None
    for mutation in candidates:
        explained = _explained(program, cases, mutation.lines, left, right, within)
        if explained and (best is None or len(explained) > len(best.explained)):
            best = Finding((mutation,), explained, cases)
    return best


def _best_pair(
    program: Program,
    cases: Sequence[Case],
    candidates: Sequence[Mutation],
    left: set[str],
    right: Sequence[str],
    within: float,
) -> Finding | None:
    for first, second in _pairs(program, candidates, left):
        lines = {**first.lines, **second.lines}
        explained = _explained(program, cases, lines, left, right, within)
        if explained:
            return Finding((first, second), explained, cases)
    return None


def _pairs(
    program: Program, candidates: Sequence[Mutation], left: set[str]
) -> Iterator[tuple[Mutation, Mutation]]:
    """Give two slips made at once: on one line, the second in what the first left, or on two."""
    count = 0
    for first in candidates:
        line = first.site.line
        if not _reaches(program, line, left):
            continue
        again = Site(program, line, first.change.wrong)
        for hypothesis in HYPOTHESES:
            if hypothesis is first.hypothesis:
                continue
            for change in hypothesis.changes(again):
                count += 1
                if count > MOST_PAIRS:
                    return
                yield first, Mutation(hypothesis, again, change)
    lines = list(program.backward)
    for first in candidates:
        for second in candidates:
            ordered = lines.index(first.site.line) < lines.index(second.site.line)
            if ordered and _reaches(program, second.site.line, left):
                count += 1
                if count > MOST_PAIRS:
                    return
                yield first, second


def _reaches(program: Program, line: str, left: set[str]) -> bool:
    """Say whether a line has a part in any of the gradients that are left."""
    reached = {line}
    for name, formula in program.backward.items():
        if reached & set(letters_in(formula)):
            reached.add(name)
    return bool(reached & left)


def _explained(
    program: Program,
    cases: Sequence[Case],
    lines: Mapping[str, Any],
    left: set[str],
    right: Sequence[str],
    within: float,
) -> tuple[str, ...]:
    """Return the lines left that these wrong lines give, none where they spoil a right one."""
    explained = set(left)
    for case in cases:
        values = predicted(program, case, lines)
        if values is None:
            return ()
        explained = {n for n in explained if matches(values[n], case.received[n], within)}
        if not explained:
            return ()
        for name in right:
            if not matches(values[name], case.received[name], max(within, 1e-5)):
                return ()
    return tuple(n for n in cases[0].received if n in explained)


def predicted(program: Program, case: Case, lines: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a backward pass with these lines gives, None where its shapes do not fit."""
    first = min(list(program.backward).index(line) for line in lines)
    values = dict(case.values)
    changed = {**program.backward, **lines}
    try:
        kept = list(program.backward)[first:]
        return program.run_lines({line: changed[line] for line in kept}, values)
    except (ChainruleError, ValueError, TypeError, IndexError):
        return None


def matches(predicted: Any, received: Any, within: float) -> bool:
    """Say whether two gradients are the same numbers, axes of length 1 apart."""
    return off_by(predicted, received) <= within


def off_by(predicted: Any, received: Any) -> float:
    """Return the largest difference relative to the larger array; infinite where shapes differ."""
    predicted, received = np.squeeze(np.asarray(predicted)), np.squeeze(np.asarray(received))
    if predicted.shape != received.shape or predicted.dtype.kind not in "fiub":
        return float("inf")
    scale = max(float(np.abs(received).max(initial=0.0)), 1e-300)
    off = float(np.abs(predicted - received).max(initial=0.0)) / scale
    return off if np.isfinite(off) else float("inf")


def _with_closest(
    finding: Finding, program: Program, cases: Sequence[Case], everything: Sequence[Mutation]
) -> Finding:
    """Add the next best slip, so that the proof can say how far off it is."""
    line = finding.explained[0]
    best: tuple[str, float] | None = None
    used = {m.hypothesis.name for m in finding.mutations}
    for mutation in everything:
        if mutation.hypothesis.name in used or not _reaches(program, mutation.site.line, {line}):
            continue
        worst = 0.0
        for case in cases:
            values = predicted(program, case, mutation.lines)
            worst = max(
                worst, np.inf if values is None else off_by(values[line], case.received[line])
            )
        if np.isfinite(worst) and worst > EXACT and (best is None or worst < best[1]):
            best = mutation.hypothesis.name, worst
    return Finding(finding.mutations, finding.explained, finding.cases, best)
