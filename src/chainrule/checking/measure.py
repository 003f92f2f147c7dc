"""Measure a subject: every gradient against the numeric one, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from chainrule.checking.numbers import MOST_DIGITS, agreeing_digits
from chainrule.checking.numeric import Slopes, slopes
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.namespace import Array
from chainrule.randomness import permutation

ENTRIES = 160  # smaller arrays are checked whole, larger ones at this many entries
EXACT, COARSE = 1e-6, 2e-3  # allowed relative error in float64, in float32
DIFFERENCE_DIGITS = 11  # more a central difference cannot vouch for


@dataclass(frozen=True)
class Result:
    """One gradient: how many entries agree, and the worst one.

    `problem` is set where the shape is wrong or there is no gradient at all; then no entry counts.
    `ratio` is received / expected where that is the same for all entries.
    """

    name: str  # as the code calls it: dW
    variable: str
    shape: tuple[int, ...]
    entries: int
    agree: int
    digits: int
    aside: int = 0
    index: tuple[int, ...] = ()
    expected: float = 0.0
    received: float = 0.0
    ratio: float | None = None
    problem: str = ""
    analytic: bool = False
    numeric: Array | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every entry agrees."""
        return not self.problem and self.agree == self.entries


@dataclass(frozen=True)
class Measurement:
    """A trial, what backward gave, and the result for each gradient."""

    trial: Trial
    reply: Reply
    results: tuple[Result, ...]
    slopes: dict[str, Slopes] = field(default_factory=dict, repr=False)

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees."""
        return all(result.passed for result in self.results)


def measure(subject: Subject, trial: Trial) -> Measurement:
    """Compare every gradient of a subject with the numeric one, on one trial.

    Whatever the subject's own code raises comes through.
    """
    reply = subject.gradients(trial)
    results, known = [], {}
    for name, p in trial.variables.items():
        if name not in reply.gradients and name != subject.input:
            results.append(_missing(subject, name, p))
            continue
        if name not in reply.gradients:
            continue
        entries = chosen(p, reply.gradients[name])
        found = slopes(partial(_output, subject, trial, name), p, entries)
        known[name] = found
        results.append(_compared(subject, trial, name, reply.gradients[name], entries, found))
    return Measurement(trial, reply, tuple(results), known)


def _output(subject: Subject, trial: Trial, name: str, p: Array) -> Array:
    return subject.forward(trial, {name: p})


def _missing(subject: Subject, name: str, p: Array) -> Result:
    return Result(
        subject.gradient_name(name),
        name,
        p.shape,
        p.size,
        0,
        0,
        problem=f"there is no gradient for {name}",
    )


def chosen(p: Array, gradient: Any) -> list[tuple[int, ...]]:
    """Return the entries that are looked at: all, or the largest and some drawn by the hash."""
    if p.size <= ENTRIES:
        return list(np.ndindex(p.shape))
    flat = list(permutation(0, 0, p.size)[: ENTRIES // 2])
    if np.shape(gradient) == p.shape:
        flat += list(np.argsort(-np.abs(gradient).ravel(), kind="stable")[: ENTRIES // 2])
    return [tuple(int(i) for i in np.unravel_index(int(f), p.shape)) for f in dict.fromkeys(flat)]


def _compared(
    subject: Subject,
    trial: Trial,
    name: str,
    received: Any,
    entries: Sequence[tuple[int, ...]],
    found: Slopes,
) -> Result:
    p = trial.variables[name]
    label = subject.gradient_name(name)
    expected = found.gradient(trial.dY)
    received = np.asarray(received)
    if received.dtype.kind not in "fiub":
        problem = f"{label} is no array of numbers but {received.dtype}"
        return Result(label, name, p.shape, len(entries), 0, 0, problem=problem)
    problem = _shape_problem(label, p.shape, received.shape)
    if problem:
        return Result(label, name, p.shape, len(entries), 0, 0, problem=problem, numeric=expected)
    full = np.broadcast_to(received, p.shape) if received.shape != p.shape else received
    mine = np.array([float(full[index]) for index in entries])
    within = COARSE if received.dtype.itemsize < 8 and received.dtype.kind == "f" else EXACT
    keep = ~found.kinks
    scale = float(np.abs(expected[keep]).max(initial=0.0)) or 1.0
    off = np.abs(mine - expected)
    off = np.where(np.isfinite(off), off, np.inf)
    agrees = off <= within * np.maximum(np.abs(expected), 1e-2 * scale)
    most = MOST_DIGITS if found.analytic else DIFFERENCE_DIGITS
    worst = int(np.where(keep, off, -1).argmax()) if len(entries) else 0
    return Result(
        label,
        name,
        p.shape,
        int(keep.sum()),
        int((agrees & keep).sum()),
        agreeing_digits(expected[keep], mine[keep], most),
        int(found.kinks.sum()),
        entries[worst] if entries else (),
        float(expected[worst]) if entries else 0.0,
        float(mine[worst]) if entries else 0.0,
        _constant_ratio(expected[keep], mine[keep]),
        analytic=found.analytic,
        numeric=expected,
    )


def _shape_problem(label: str, expected: tuple[int, ...], received: tuple[int, ...]) -> str:
    """Say what is wrong with a shape; one that `p -= rate * dp` takes as it is, is right."""
    if received == expected:
        return ""
    try:
        fits = np.broadcast_shapes(expected, received) == expected
    except ValueError:
        fits = False
    if fits and (int(np.prod(received)) == int(np.prod(expected))):
        return ""
    if not expected or expected == (1,) * len(expected):
        fits = int(np.prod(received)) == 1
        return "" if fits else f"{label} has shape {received}, expected one number"
    return f"{label} has shape {received}, expected {expected}"


def _constant_ratio(expected: Array, received: Array) -> float | None:
    """Return received / expected where it is one number for all entries that are not near 0."""
    large = np.abs(expected) > 1e-6 * (float(np.abs(expected).max(initial=0.0)) or 1.0)
    if large.sum() < 1:
        return None
    ratios = received[large] / expected[large]
    same = bool(np.abs(ratios - ratios[0]).max() <= 1e-6 * max(abs(float(ratios[0])), 1e-12))
    return float(ratios[0]) if same and np.isfinite(ratios[0]) else None
