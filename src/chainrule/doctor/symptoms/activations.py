"""Activations that have stopped to pass a gradient on: dead ReLUs, saturated sigmoids and tanh."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding, Severity, at
from chainrule.doctor.symptom import symptom
from chainrule.explaining.trace import Record
from chainrule.layers import ReLU, Sigmoid, Tanh
from chainrule.namespace import Array

DEAD, MOST, FEW = 0.6, 0.75, 32  # share of a layer's units: usually, or where there are few samples
SATURATED = 0.5  # share of a layer's outputs
EDGE = {Sigmoid: 6.0, Tanh: 3.0}  # |x| beyond which the derivative is under 1 % of its largest


@symptom("dead ReLUs", "pass")
def dead_relus(seen: Evidence) -> Iterator[Finding]:
    """Find units that are 0 on every sample: no gradient passes, so they never learn again."""
    for record in seen.records:
        if not isinstance(record.layer, ReLU):
            continue
        Y, unit_is_dead = record.values["Y"], dead_units(record)
        dead, units, m = int(unit_is_dead.sum()), unit_is_dead.size, len(Y)
        harmless = seen.learns_well or m < FEW
        if dead < 2 or dead < units * (MOST if harmless else DEAD):
            continue
        what = "units" if Y.ndim == 2 else "channels"
        said = (
            f"{dead} of {units} {what} ({dead / units:.0%}) are 0 on all {m:,} samples; their "
            "derivative is 0 as well, so their weights get no gradient and stay dead"
        )
        to_do = "start with He weights and zero biases, or take LeakyReLU"
        numbers = {"layer": record.path, "dead": dead, "units": units, "samples": m}
        if seen.steps:
            numbers["before"] = before = _before(seen, record)
            said += f". Before the training, {before} were"
            if before < dead / 2:
                to_do = "lower the learning rate, or take LeakyReLU"
        severity: Severity = "remark" if seen.learns_well else "problem"
        yield Finding(at(record.path, record.layer), said, to_do, numbers, severity)


def dead_units(record: Record) -> Array:
    """Return which units of a ReLU are 0 on every sample; of an image: channels, everywhere."""
    Y = record.values["Y"]
    if not isinstance(record.layer, ReLU):
        return np.zeros(Y.shape[-1], bool)
    return np.asarray(~(Y > 0).any(axis=tuple(range(Y.ndim - 1))))


def _before(seen: Evidence, record: Record) -> int:
    """Return how many units of the same layer were dead when the training began."""
    first = seen.first_trace
    then = [] if first is None else [r for r in first.records if r.path == record.path]
    return int(dead_units(then[0]).sum()) if then else 0


@symptom("saturated activations", "pass")
def saturated(seen: Evidence) -> Iterator[Finding]:
    """Find hidden sigmoids or tanh where they are flat, unless they do no harm."""
    for record in seen.records[:-1]:
        edge = EDGE.get(type(record.layer))
        if edge is None or seen.learns_well:
            continue
        X = record.values["X"]
        share = float((np.abs(X) > edge).mean())
        if share <= SATURATED:
            continue
        typical = float(np.median(np.abs(X)))
        yield Finding(
            at(record.path, record.layer),
            f"{share:.0%} of its inputs lie beyond ±{edge:g} (half of them beyond ±{typical:.3g}), "
            "where the derivative is less than a hundredth of its largest",
            "scale the inputs, start with Glorot weights, or lower the learning rate",
            {"layer": record.path, "share": share, "beyond": edge, "median": typical},
        )


@symptom("saturated output", "pass")
def saturated_and_wrong(seen: Evidence) -> Iterator[Finding]:
    """Find a last sigmoid that is sure and wrong: a squared error hardly comes back from it."""
    if not seen.records or not isinstance(seen.records[-1].layer, Sigmoid) or seen.trace is None:
        return
    if seen.trace.loss.task != "regression":
        return
    record, Y = seen.records[-1], seen.trace.targets
    A, flat = record.values["Y"], np.abs(record.values["X"]) > EDGE[Sigmoid]
    wrong = flat & (np.abs(A - Y) > 0.5)
    share = float(wrong.any(axis=1).mean())
    if share > 0.1:
        yield Finding(
            at(record.path, record.layer),
            f"on {share:.0%} of the samples an output is sure (beyond ±6) and wrong; its "
            "derivative a(1 − a) is below 0.0025 there, so the error hardly comes back",
            "train on BinaryCrossEntropy, whose gradient is a − y without that factor, or "
            "start with smaller weights",
            {"layer": record.path, "share": share},
        )
