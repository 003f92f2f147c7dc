"""From gradients that disagree to the slip that explains them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.checking.diagnosis.search import COARSE, EXACT, Finding, cases_of, search
from chainrule.checking.diagnosis.unrecognised import search_numbers
from chainrule.checking.measure import Measurement, measure
from chainrule.checking.recognition.program import Program
from chainrule.checking.recognition.recognise import recognise
from chainrule.checking.subject import Subject

MOST_ENTRIES = 400  # a search runs whole passes many times over


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about a subject whose gradients disagree.

    `program` holds the formulas of its forward, None where they were not recognised; `unexplained`
    are variables whose gradient no slip explains. `part` is the path of the layer inside which
    it was found, `square` that it was found on as many inputs as units, since backward stopped
    on other shapes.
    """

    subject: Subject
    measurement: Measurement
    program: Program | None
    findings: tuple[Finding, ...]
    unexplained: tuple[str, ...]
    part: str = ""
    square: bool = False

    @property
    def slips(self) -> tuple[str, ...]:
        """The names of the slips found."""
        return tuple(finding.slip for finding in self.findings)

    @property
    def claims(self) -> tuple[str, ...]:
        """For each slip, "gradient" or "convention"."""
        return tuple(finding.claim for finding in self.findings)


def diagnose(subject: Subject, first: Measurement, square: bool = False) -> Diagnosis:
    """Return why the gradients of a measurement disagree, tried on further batches."""
    inside = _inside(subject, first)
    if inside is not None:
        return inside
    wrong = [r.variable for r in first.results if not r.passed]
    given = [v for v in wrong if v in first.reply.gradients]
    if sum(p.size for p in first.trial.variables.values()) > MOST_ENTRIES:
        return Diagnosis(subject, first, None, (), tuple(wrong), square=square)
    others = _further(subject, first, square)
    measurements = [first, *others]
    within = COARSE if _is_coarse(first) else EXACT
    program = recognise(subject, [m.trial for m in measurements])
    findings: list[Finding] = []
    left = list(given)
    if program is not None:
        pairs = [(m.trial, m.reply) for m in measurements]
        cases = cases_of(program, pairs)
        lines = {variable: line for line, variable in program.gradients.items()}
        known = [lines[v] for v in given if v in lines]
        findings = search(program, cases, known, within)
        done = {program.gradients[line] for f in findings for line in f.explained}
        left = [v for v in given if v not in done]
    if left:
        found = search_numbers(subject, measurements, left, within)
        findings += found
        letters = {f"W{i}": n for i, n in enumerate(subject.parameters, 10)} | {"X": subject.input}
        done = {letters[line[1:]] for f in found for line in f.explained}
        left = [v for v in left if v not in done]
    missing = [v for v in wrong if v not in given]
    return Diagnosis(subject, first, program, tuple(findings), (*left, *missing), square=square)


def _inside(subject: Subject, first: Measurement) -> Diagnosis | None:
    """Return the diagnosis of the first layer inside that is wrong by itself."""
    for path, part in subject.parts(first.trial):
        try:
            measured = measure(part, part.trial(4, 0))
        except Exception:  # the whole ran; a part by itself may want other shapes
            continue
        if not measured.passed:
            found = diagnose(part, measured)
            return Diagnosis(part, measured, found.program, found.findings, found.unexplained, path)
    return None


def _further(subject: Subject, first: Measurement, square: bool) -> list[Measurement]:
    """Return measurements on batches of other sizes and numbers, as far as they run."""
    found = []
    for m, seed in ((7, 1), (5, 2)):
        try:
            measured = measure(subject, subject.trial(m, seed, square))
        except Exception:  # judged on the first batch, then
            continue
        if set(measured.reply.gradients) == set(first.reply.gradients):
            found.append(measured)
    return found


def _is_coarse(measured: Measurement) -> bool:
    dtypes = {np.asarray(g).dtype for g in measured.reply.gradients.values()}
    return any(d.kind == "f" and d.itemsize < 8 for d in dtypes)
