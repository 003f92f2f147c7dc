"""Slips that show in the numbers alone, for a forward whose formula is not known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Mutation, Site
from chainrule.checking.diagnosis.scale import HYPOTHESES as SCALES
from chainrule.checking.diagnosis.search import Case, Finding, _best, _with_closest
from chainrule.checking.diagnosis.transposes import whole
from chainrule.checking.diagnosis.uses import through_each_use
from chainrule.checking.measure import Measurement
from chainrule.checking.recognition.program import Program, gradient_to_rows
from chainrule.checking.subject import Subject
from chainrule.formulas import Letter, samples_of


def search_numbers(
    subject: Subject, measurements: Sequence[Measurement], wrong: Sequence[str], within: float
) -> list[Finding]:
    """Return the slips that explain wrong gradients (by variable) without knowing a formula."""
    variables = {"X": subject.input, **{f"W{i}": n for i, n in enumerate(subject.parameters, 10)}}
    lines = {v: f"d{letter}" for letter, v in variables.items()}
    there = [v for v in variables.values() if all(v in m.reply.gradients for m in measurements)]
    program = Program(
        {}, {lines[v]: Letter(f"right_{lines[v]}") for v in there}, variables, subject.notation
    )
    cases = [_case(subject, m, lines, there) for m in measurements]
    if any(case is None for case in cases):
        return []
    known = [case for case in cases if case is not None]
    names = set.intersection(*(set(case.values) for case in known))
    candidates = [m for v in there for m in _mutations(program, lines[v], names)]
    left, found = {lines[v] for v in wrong if v in there}, []
    right = [lines[v] for v in there if v not in wrong]
    while left:
        best = _best(program, known, candidates, left, right, within)
        if best is None:
            break
        found.append(_with_closest(best, program, known, candidates))
        left -= set(best.explained)
    return found


def _case(
    subject: Subject, measured: Measurement, lines: dict[str, str], there: Sequence[str]
) -> Case | None:
    trial = measured.trial
    values: dict[str, Any] = {"m": float(trial.m), "k": 1.0}
    received = {}
    numeric = {r.variable: r.numeric for r in measured.results}
    for variable in there:
        p, line = trial.variables[variable], lines[variable]
        expected = numeric.get(variable)
        if expected is None or expected.size != p.size:
            return None
        letter = line[1:]

        def turned(array: Any, letter: str = letter) -> Any:
            return gradient_to_rows(letter, array, subject.notation)

        values[f"right_{line}"] = values[line] = turned(expected.reshape(p.shape))
        received[line] = turned(measured.reply.gradients[variable])
        for name, array in _alternatives(subject, measured, variable).items():
            values[f"{name}_{line}"] = turned(array)
    return Case(trial, values, received)


def _alternatives(subject: Subject, measured: Measurement, variable: str) -> dict[str, Any]:
    """Return what a slip may give in place of the right gradient."""
    trial, p = measured.trial, measured.trial.variables[variable]
    dY, jacobian = np.asarray(trial.dY), measured.slopes[variable].jacobian
    found: dict[str, Any] = {}
    if dY.ndim == 2 and not subject.is_loss:
        axis = 0 if samples_of(subject.notation) == "rows" else 1
        each = (jacobian * dY).sum(axis=2 - axis)  # entry by sample
        if variable != subject.input:
            found["first"] = each[:, 0].reshape(p.shape)
            found["last"] = each[:, -1].reshape(p.shape)
            found["mean"] = each.mean(axis=1).reshape(p.shape)
            if p.size == dY.shape[1 - axis]:
                found["each"] = each.T if axis == 0 else each
        if dY.shape == p.shape:
            found["upstream"] = dY
            diagonal = jacobian.reshape(p.size, -1)[np.arange(p.size), np.arange(p.size)]
            found["diagonal"] = diagonal.reshape(p.shape) * dY
    parts = through_each_use(lambda q: subject.forward(trial, {variable: q}), p, dY)
    for count in range(1, len(parts)):
        for chosen in combinations(range(len(parts)), count):
            found["use" + "".join(map(str, chosen))] = sum(parts[i] for i in chosen)
    return found


SAYS = {
    "first": ("not summed over the batch", "Only the first sample is counted; they must add up."),
    "last": ("gradient overwritten", "Each sample overwrites the gradient of the one before."),
    "mean": ("1/n", "The gradient is averaged over the batch; it must be summed."),
    "each": ("not summed over the batch", "The gradient is not summed over the batch."),
    "upstream": (
        "derivative left out",
        "The derivative is left out: this is the gradient that came in.",
    ),
    "diagonal": (
        "softmax as elementwise",
        "The layer is treated as an elementwise function: "
        "only ∂y_i/∂x_i is counted, but each output depends on other inputs too.",
    ),
    "use": (
        "gradient overwritten",
        "The value is used more than once, so its gradients add up; here one is missing.",
    ),
}


def _mutations(program: Program, line: str, names: set[str]) -> list[Mutation]:
    site = Site(program, line, program.backward[line])
    found = []
    for name in sorted(names):
        kind, _, of = name.partition("_")
        if of != line or kind == "right":
            continue
        slip, says = SAYS[kind.rstrip("0123456789")]
        change = Change(Letter(name), says)
        found.append(Mutation(Hypothesis(slip, lambda _: iter(())), site, change))
    for hypothesis in SCALES:
        found += [Mutation(hypothesis, site, c) for c in hypothesis.changes(site) if not c.lines]
    turned = Change(whole(site.formula), "The result is transposed.")
    found.append(Mutation(Hypothesis("transpose", lambda _: iter(())), site, turned))
    return found
