"""Targets that cannot be learnt: constant ones, shuffled ones; and networks that learn nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding
from chainrule.doctor.probing import Probe, probe
from chainrule.doctor.symptom import symptom

ENOUGH, LUCK = 100, 3.5  # samples to judge by; standard errors above chance that are no luck
NOTHING, PART = 0.97, 0.5  # the loss over that of the best constant answer
UNEVEN, TINY = 0.8, 1e-6  # the share of one class; a constant answer's loss that leaves no room


@symptom("constant labels", "samples")
def constant(seen: Evidence) -> Iterator[Finding]:
    """Find targets that are all the same: there is nothing to tell apart."""
    if seen.data is None or len(seen.data.X) < 2:
        return
    Y = seen.data.targets
    same = np.flatnonzero((Y[:1] == Y).reshape(len(Y), -1).all(axis=0))
    if not len(same):
        return
    value = _name(seen, Y[0]) if Y.ndim == 1 else f"{Y[0, same[0]]:g}"
    column = f" in column {same[0]}" if Y.ndim == 2 and Y.shape[1] > 1 else ""
    if Y.ndim == 2 and Y.shape[1] > len(same) and seen.model.loss.task == "classes":
        return  # a class without samples
    yield Finding(
        "y",
        f"all {len(Y):,} targets are {value}{column}, so answering that is the best there is",
        "look at how y was made: perhaps a wrong column, or the start of a file sorted by class",
        {"samples": len(Y), "value": value},
    )


@symptom("labels look shuffled", "samples")
def shuffled(seen: Evidence) -> Iterator[Finding]:
    """Find targets that neither the network nor two simple methods can tell from the samples."""
    answers = seen.answers
    if answers is None or (seen.model.history.epochs and _learnt_what_is_there(seen)):
        return
    if answers.accuracy is not None and answers.chance > UNEVEN:
        return  # too few of the other classes to judge by
    probed = _probe(seen)
    if probed is None or probed.above(LUCK):
        return
    trained = seen.model.history.epochs >= 3
    loss = answers.loss / answers.baseline if answers.baseline else 0.0
    said = (
        f"of {probed.samples} samples, the nearest neighbour and a linear fit tell {probed}: as "
        "good as guessing"
    )
    if trained:
        said += (
            f"; the training loss is {answers.loss:.4g}, and {answers.baseline:.4g} is had by "
            "always giving the same answer"
        )
    other = seen.other_answers
    if other is not None and other.accuracy is not None:
        said += f"; on other samples {other.accuracy:.1%} are right, chance is {other.chance:.1%}"
    yield Finding(
        "y",
        said,
        "check that x and y are in the same order: print a few samples with their labels",
        {"loss": answers.loss, "baseline": answers.baseline, **probed.numbers()},
        severity="problem" if not trained or loss > PART or other is not None else "remark",
    )


@symptom("nothing learnt", "samples")
def nothing_learnt(seen: Evidence) -> Iterator[Finding]:
    """Find answers that, after a real training, take no notice of the samples."""
    answers = seen.answers
    if answers is None or seen.model.history.epochs < 5 or seen.steps < 200:
        return
    if answers.baseline < TINY or answers.loss < NOTHING * answers.baseline:
        return
    if answers.above_chance:
        return
    probed = _probe(seen)
    if probed is not None and not probed.above(LUCK):
        return  # then it is the labels
    right = "" if answers.accuracy is None else f"; {answers.accuracy:.1%} are right"
    said = (
        f"after {seen.model.history.epochs} epochs the loss is {answers.loss:.4g}{right}; "
        f"always giving the same answer costs {answers.baseline:.4g}"
    )
    if answers.accuracy is not None:
        said += f" and is right on {answers.chance:.1%}"
    if probed is not None:
        said += f". It can be learnt: the nearest neighbour and a linear fit tell {probed}"
    yield Finding(
        "the loss",
        said,
        "mend what else is found here; if nothing is, try another learning rate",
        {"loss": answers.loss, "baseline": answers.baseline},
    )


def _learnt_what_is_there(seen: Evidence) -> bool:
    """Say whether the network tells more than chance, other than by learning samples by heart."""
    curves, answers = seen.model.history.curves, seen.answers
    if answers is None or seen.data is None or seen.model.built is None:
        return False
    first, curve = curves.get("accuracy"), curves.get("validation_accuracy")
    if first and first[0] > answers.chance + 0.1:
        return True  # in the first epoch, each sample is new when it is answered
    if seen.other_answers is not None:
        return seen.other_answers.above_chance
    if curve and answers.accuracy is not None:
        return curve[-1] > answers.chance + 0.1
    by_heart = seen.model.built.count > len(seen.data.X) / 5
    return answers.above_chance and not by_heart


def _probe(seen: Evidence) -> Probe | None:
    """Return how well two simple methods tell the targets, where there are enough samples."""
    first = next(iter(seen.learning), None)
    if seen.sample is None or seen.answers is None or first is None:
        return None
    X, targets = np.asarray(first.values["X"]).reshape(len(seen.sample.X), -1), seen.sample.targets
    if len(X) < ENOUGH or not np.isfinite(X).all() or (targets == targets[:1]).all():
        return None
    return probe(X, targets, seen.answers.kind)


def _name(seen: Evidence, label: int) -> str:
    targets = seen.model.targets
    names = None if targets is None else targets.classes
    return str(label if names is None else names[int(label)])
