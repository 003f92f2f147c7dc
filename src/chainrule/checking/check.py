"""`check`: a gradient certificate for a layer, a loss, a model, or a student's own code."""

from __future__ import annotations

from typing import Any

from chainrule.checking.certificate import Certificate, Remark
from chainrule.checking.diagnosis.diagnose import Diagnosis, diagnose
from chainrule.checking.measure import Measurement, measure
from chainrule.checking.remarks import remarks_on
from chainrule.checking.source import raised_at
from chainrule.checking.subject import Subject
from chainrule.checking.subjects.choose import subject_for
from chainrule.errors import ChainruleError

BATCHES = (4, 7)  # two sizes, so that a factor 1/m can be told from a constant


def check(
    subject: Any,
    X: Any = None,
    targets: Any = None,
    *,
    shape: tuple[int, ...] | None = None,
    notation: str | None = None,
    samples: int = BATCHES[0],
    seed: int = 0,
    training: bool = False,
    title: str = "",
) -> Certificate:
    """Compare every gradient with the numeric derivative; say which is wrong, and why.

    With L = Σ dY ⊙ Y for a layer (and L the value itself for a loss or a model), every entry of
    every gradient is held against [L(p + ε) − L(p − ε)] / 2ε, in float64, and against
    complex step where the code takes complex numbers. Entries at a kink are set aside.

    `subject` is one of: a layer, a loss or a model of chainrule; an object (or a class) with
    forward(X) and backward(dY); a function that returns its cost and its gradients; a pair
    (forward, backward) or (f, f_prime); formulas. Without `X` and `targets`, small numbers with
    one decimal are drawn from `seed`; `shape` is that of one sample. `notation` is "rows",
    "columns" or "transposed"; without it both ways are tried and the one that fits is named.
    `training` runs a layer of chainrule as in training (BatchNorm on the batch, Dropout's mask).

    Raises ConfigurationError for something that cannot be checked or whose forward fails.
    Source of the test: Dennis and Schnabel, "Numerical Methods" (1983), section 5.6; of complex
    step: Squire and Trapp, SIAM Review 40 (1998).

    >>> import chainrule as cr
    >>> print(check(cr.Sigmoid()))  # doctest: +ELLIPSIS
     Sigmoid()   X (4, 3) → Y (4, 3)   4 samples, float64, seed 0
     ...
       dX (4, 3)  ✓  12 of 12 entries agree to 15 digits
     ...
     The gradient agrees.
    """
    found = (
        subject
        if isinstance(subject, Subject)
        else subject_for(subject, X, targets, shape, notation, training)
    )
    if title:
        found.title = title
    return certify(found, samples, seed)


def certify(subject: Subject, samples: int = BATCHES[0], seed: int = 0) -> Certificate:
    """Return the certificate of a subject."""
    trial = subject.trial(samples, seed)
    subject.forward(trial)  # whatever a forward says, it says here, and not as a gradient's fault
    try:
        first = measure(subject, trial)
    except ChainruleError:
        raise
    except Exception as error:  # a student's backward may raise anything
        return _stopped(subject, error, samples, seed)
    second = _second(subject, samples, seed)
    remarks = remarks_on(subject, first, second)
    diagnosis = None
    results = first.results
    failing = first if not first.passed else second if second and not second.passed else None
    if failing is not None:
        diagnosis = diagnose(subject, failing)
        results = failing.results
        first = failing
    ratios = tuple(
        (m.trial.m, r.name, r.ratio)
        for m in (first, second)
        if m is not None
        for r in m.results
        if r.ratio is not None and not r.passed
    )
    batches = (first.trial.m, *(() if second is None else (second.trial.m,)))
    return Certificate(subject, first, results, remarks, seed, diagnosis, "", ratios, batches)


def _second(subject: Subject, samples: int, seed: int) -> Measurement | None:
    """Return a second batch, of another size; None where the first one was given or is large."""
    if samples == 1:
        return None
    try:
        return measure(subject, subject.trial(BATCHES[1] if samples != 7 else 4, seed + 1))
    except Exception:
        return None


def _stopped(subject: Subject, error: Exception, samples: int, seed: int) -> Certificate:
    """Return the certificate of a backward that raises; try it with as many inputs as units.

    A transpose that is missing stops on other shapes and runs, wrongly, on square ones.
    """
    from chainrule.checking.files import files_of

    place = raised_at(error, files_of(subject))
    message = " ".join(str(error).split())
    problem = f"backward stopped with {type(error).__name__}: {message}"
    problem += f" ({place})" if place else ""
    diagnosis: Diagnosis | None = None
    measured: Measurement | None = None
    for m in (samples, 3):  # 3 samples of 3 inputs: then X·dY fits as well
        try:
            measured = measure(subject, subject.trial(m, seed, square=True))
        except Exception:
            continue
        if not measured.passed:
            diagnosis = diagnose(subject, measured, square=True)
            break
    results = measured.results if measured is not None else ()
    remarks = (Remark("shapes fit", False),)
    return Certificate(subject, measured, results, remarks, seed, diagnosis, problem)
