"""Which classes there are, and which the model ever answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding
from chainrule.doctor.symptom import symptom

RARE, ENOUGH = 10, 10  # the largest class over the smallest; samples of a class to judge by


@symptom("classes are uneven", "samples")
def uneven(seen: Evidence) -> Iterator[Finding]:
    """Find a class that has ten times the samples of another."""
    if seen.answers is None or seen.answers.truth is None:
        return
    counts = seen.answers.counts
    there = np.flatnonzero(counts)
    if len(there) < 2:
        return
    most, least = int(counts.argmax()), int(there[counts[there].argmin()])
    if counts[most] < RARE * counts[least] or counts.sum() < 50:
        return
    share = counts[most] / counts.sum()
    yield Finding(
        f"class {_name(seen, least)}",
        f"it has {counts[least]:,} of {counts.sum():,} samples, class {_name(seen, most)} has "
        f"{counts[most]:,}; always answering {_name(seen, most)} is right on {share:.1%}",
        "judge by each class's own accuracy, and give rare classes a larger sample_weight",
        {"most": int(counts[most]), "least": int(counts[least]), "share": float(share)},
        severity="remark",
    )


@symptom("a class is never predicted", "curves")
def never_predicted(seen: Evidence) -> Iterator[Finding]:
    """Find classes with samples enough that are no sample's answer."""
    answers, epochs = seen.answers, seen.model.history.epochs
    if answers is None or answers.truth is None or epochs < 5 or _still_falling(seen.loss_curve):
        return
    even = answers.counts.max() < RARE * answers.counts.min()
    if even and (answers.accuracy or 0) < 2 * answers.chance:
        return  # then next to nothing is learnt at all
    missing = np.flatnonzero((answers.counts >= ENOUGH) & (answers.answered == 0))
    if not len(missing):
        return
    names = ", ".join(_name(seen, int(k)) for k in missing)
    counts = ", ".join(f"{answers.counts[k]:,}" for k in missing)
    said = f"the answer to none of {answers.samples:,} training samples, though {counts} are"
    said += f" {'it' if len(missing) == 1 else 'theirs'}"
    top = int(answers.answered.argmax())
    said += f"; {_name(seen, top)} is answered {answers.answered[top]:,} times"
    yield Finding(
        f"class{'es' if len(missing) > 1 else ''} {names}",
        said,
        "train longer; if the class is rare, give its samples a larger sample_weight",
        {"classes": missing.tolist(), "counts": answers.counts[missing].tolist()},
    )


def _still_falling(curve: list[float]) -> bool:
    """Say whether the last three epochs have brought the loss down by 3 % or more."""
    return len(curve) > 3 and curve[-1] < 0.97 * curve[-4]


def _name(seen: Evidence, k: int) -> str:
    targets = seen.model.targets
    names = None if targets is None else targets.classes
    return str(k if names is None else names[k])
