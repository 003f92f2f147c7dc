"""What is checked besides the numbers: shapes, purity, formula = code, both engines."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.checking.certificate import Remark
from chainrule.checking.measure import Measurement
from chainrule.checking.subject import Subject
from chainrule.checking.subjects.library import LayerSubject, LossSubject
from chainrule.checking.subjects.student import ClassSubject
from chainrule.errors import ChainruleError
from chainrule.formulas import run

SAME = 1e-9


def remarks_on(
    subject: Subject, first: Measurement, second: Measurement | None
) -> tuple[Remark, ...]:
    """Return every remark on a subject that was measured."""
    found = [_shapes(first), _purity(subject, first), _formulas(subject, first)]
    found += _engines(subject, first)
    if isinstance(subject, ClassSubject) and second is not None:
        found += _stale(subject, first, second)
    found += [Remark(note, None) for note in subject.notes]
    return tuple(found)


def _shapes(first: Measurement) -> Remark:
    problems = [r.problem for r in first.results if r.problem]
    return Remark("shapes fit" if not problems else "; ".join(problems), not problems)


def _purity(subject: Subject, first: Measurement) -> Remark:
    """Say whether anything handed in was written to, and whether a second pass gives the same."""
    if first.reply.written:
        return Remark(f"{' and '.join(first.reply.written)} was written to", False)
    once, again = subject.forward(first.trial), subject.forward(first.trial)
    if not np.array_equal(once, again, equal_nan=True):
        return Remark("forward gives something else when it is called again", False)
    return Remark("nothing was written to")


def _formulas(subject: Subject, first: Measurement) -> Remark:
    """Compare the formulas that a layer or a loss states with what its code gave."""
    if subject.formulas is None:
        return Remark("no formulas given to compare with", None)
    try:
        values = _evaluated(subject, first)
    except ChainruleError as error:
        return Remark(f"its formulas cannot be evaluated: {error}", False)
    for name, received in first.reply.gradients.items():
        line = subject.gradient_name(name)
        if line in values:
            wanted = np.broadcast_to(values[line], np.shape(received))
            scale = float(np.abs(received).max(initial=0.0)) or 1.0
            if float(np.abs(wanted - received).max(initial=0.0)) > SAME * scale:
                return Remark(f"the formula of {line} is not what the code computes", False)
    return Remark("formula = code")


def _evaluated(subject: Subject, first: Measurement) -> dict[str, Any]:
    trial, formulas = first.trial, subject.formulas
    assert formulas is not None
    letters: dict[str, Any] = dict(trial.variables)
    functions = dict(formulas.functions)
    if isinstance(subject, LossSubject):
        m, k = trial.variables["Z"].shape
        weights = subject.loss.sample_weights(None, m, np.float64)
        letters |= {"Y": trial.targets, "w": weights[:, None], "k": k, **_settings(subject.loss)}
    else:
        letters["dY"] = trial.dY
        assert isinstance(subject, LayerSubject)
        letters |= _settings(subject.inner)
        params = subject.tree_of(trial.variables)
        _, cache = subject.layer.forward(params, trial.variables["X"], subject.context(trial))
        letters |= cache if isinstance(cache, dict) else {}
        functions |= subject.inner.structural(cache)  # type: ignore[arg-type]
        formulas = subject.inner.formulas_of(cache)
    return run({**formulas.forward, **formulas.backward}, letters, functions)


def _settings(described: object) -> dict[str, float]:
    """Return a description's own numbers: slope, delta, smoothing."""
    return {n: v for n, v in vars(described).items() if isinstance(v, int | float)}


def _engines(subject: Subject, first: Measurement) -> list[Remark]:
    """Run a layer on jax.numpy too, compiled and in float32, where JAX is installed."""
    if not isinstance(subject, LayerSubject) or subject.is_loss or find_spec("jax") is None:
        return []
    from chainrule.checking.other_engine import gradients_with_jax

    try:
        theirs = gradients_with_jax(subject, first.trial)
    except Exception as error:
        line = " ".join(str(error).split())[:60]
        return [Remark(f"does not run on JAX ({type(error).__name__}: {line})", None)]
    ours = first.reply.gradients
    for name, array in theirs.items():
        scale = float(np.abs(ours[name]).max(initial=0.0)) or 1.0
        if float(np.abs(array - ours[name]).max(initial=0.0)) > 1e-4 * scale:
            return [Remark(f"the engines disagree on {subject.gradient_name(name)}", False)]
    return [Remark("both engines agree")]


def _stale(subject: ClassSubject, first: Measurement, second: Measurement) -> list[Remark]:
    """Use one object for two batches: the second backward must not remember the first."""
    try:
        fresh, used = subject.reused(first.trial, second.trial)
    except Exception:  # another size of batch need not fit
        return []
    for name, wanted in fresh.items():
        received = used.get(name)
        if received is None or np.shape(received) != np.shape(wanted):
            continue
        scale = float(np.abs(wanted).max(initial=0.0)) or 1.0
        if float(np.abs(received - wanted).max(initial=0.0)) <= 1e-6 * scale:
            continue
        earlier = first.reply.gradients.get(name)
        label = subject.gradient_name(name)
        if earlier is not None and np.shape(earlier) == np.shape(wanted):
            both = earlier + wanted
            if float(np.abs(received - both).max(initial=0.0)) <= 1e-6 * scale:
                return [Remark(f"{label} adds up from call to call: set it to 0 before", None)]
        return [Remark(f"{label} of a second batch still holds something of the first", False)]
    return []
