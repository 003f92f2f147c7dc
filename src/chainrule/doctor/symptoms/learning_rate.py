"""Steps that are too long or too short: what the loss did, and how far the weights went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding
from chainrule.doctor.symptom import symptom
from chainrule.doctor.trial import Trial

GREW, ENDED = 1.5, 0.5  # the loss, over the one before training: ended above; ended well
SWING, HALF = 0.15, 6  # mean change from epoch to epoch over the loss; epochs needed
LEAP = 2  # the worst loss of a trial over its first
TINY_STEP, STAYED = 1e-5, 0.03  # ‖ΔW‖ / ‖W‖ of one step; of a whole training


@symptom("learning rate too high", "curves", "trial", "break")
def too_high(seen: Evidence) -> Iterator[Finding]:
    """Find a training that broke, or whose loss rose above its start, swings or got lost."""
    rate, curve, first = seen.learning_rate, seen.loss_curve, seen.first_loss
    said = seen.stopped
    if said is None and curve and first:
        said = _of_curve(curve, first)
        if said is None and curve[-1] < ENDED * first:
            return  # a training that went well needs no trial
    if said is None and seen.trial is not None:
        said = _of_trial(seen.trial)
    if said is not None:
        numbers: dict[str, Any] = {"learning_rate": rate}
        if seen.trial is not None:
            longest = max(seen.trial.ratios, default=None)
            numbers |= {"broke_at": seen.trial.broke_at, "longest_step": longest}
            said += _more(seen.trial, said)
        yield Finding(f"{rate:g}", said, f"try {rate / 10:.2g}, a tenth of it", numbers)


@symptom("learning rate too low", "curves", "trial")
def too_low(seen: Evidence) -> Iterator[Finding]:
    """Find a loss that hardly falls because the weights hardly move."""
    rate, curve, first = seen.learning_rate, seen.loss_curve, seen.first_loss
    moved, trial = max(seen.moved.values(), default=0.0), seen.trial
    to_do = f"try {rate * 10:g}, ten times as much, and again until the loss falls"
    if len(curve) >= 3 and first and seen.steps >= 10:
        fall, each = (first - curve[-1]) / len(curve) / first, moved / seen.steps
        if 0.8 * first < curve[-1] < 1.2 * first and 0 < moved < STAYED:
            yield Finding(
                f"{rate:g}",
                f"the loss falls by {max(fall, 0):.2%} per epoch (from {first:.4g} to "
                f"{curve[-1]:.4g} in {len(curve)}); in {seen.steps:,} steps no weight matrix has "
                f"moved by more than {moved:.2%} of its size: {each:.1g} per step, where 1e-3 is "
                "usual",
                to_do,
                {"learning_rate": rate, "fall": fall, "moved": moved, "steps": seen.steps},
            )
    elif not curve and trial is not None and trial.broke_at is None:
        ratio = float(np.median(trial.ratios)) if trial.ratios else 0.0
        if 0 < ratio < TINY_STEP:
            yield Finding(
                f"{rate:g}",
                f"in a trial of {len(trial.ratios)} steps of {trial.batch_size} samples the "
                f"weights moved by {ratio:.1g} of their size per step, where 1e-3 is usual",
                to_do,
                {"learning_rate": rate, "ratio": ratio},
            )


def _of_curve(curve: list[float], first: float) -> str | None:
    """Return what is wrong with the loss of each epoch; `first` is the one before training."""
    best, last, swing = int(np.argmin(curve)), curve[-1], _swing(curve)
    if last > GREW * first:
        return (
            f"after epoch {len(curve)} the loss is {last:.4g}, above the {first:.4g} before any "
            "training"
        )
    if last > ENDED * first and last > 2 * curve[best]:
        return (
            f"the loss was down to {curve[best]:.4g} in epoch {best + 1} and is back at "
            f"{last:.4g} in epoch {len(curve)}"
        )
    if swing > SWING and last > 0.1 * first:
        late = ", ".join(f"{value:.3g}" for value in curve[-6:])
        return f"the loss swings by {swing:.0%} from epoch to epoch; the last ones are {late}"
    return None


def _swing(curve: list[float]) -> float:
    """Return the mean change over the mean loss of the later half, 0 where it goes one way."""
    if len(curve) < HALF:
        return 0.0
    late = np.array(curve[len(curve) // 2 :])
    change = np.diff(late)
    if (change > 0).mean() < 0.3:
        return 0.0
    return float(np.abs(change).mean() / late.mean())


def _of_trial(trial: Trial) -> str | None:
    """Return what went wrong in the trial, if anything did."""
    steps, size = len(trial.losses), trial.batch_size
    if trial.broke_at is not None:
        return f"a trial of {size} samples a step broke at step {trial.broke_at}"
    if steps < 10 or min(trial.losses) < 0:
        return None
    first, worst = trial.losses[0], int(np.argmax(trial.losses))
    late = float(np.mean(trial.losses[-10:]))
    if trial.losses[worst] > LEAP * first and late > 0.8 * first and max(trial.ratios) > 1:
        return (
            f"in a trial of {size} samples a step the loss went from {first:.4g} to "
            f"{trial.losses[worst]:.4g} at step {worst + 1}, and was {late:.4g} around step {steps}"
        )
    return None


def _more(trial: Trial, said: str) -> str:
    """Return what the trial adds to a finding: where it broke, or its longest step."""
    if trial.broke_at is not None:
        beginning = "" if "broke at step" in said else f"; a trial broke at step {trial.broke_at}"
        return f"{beginning} ({trial.where})"
    longest = max(trial.ratios, default=0.0)
    if not 0.1 <= longest < np.inf:
        return ""
    return (
        f"; step {int(np.argmax(trial.ratios)) + 1} moved a weight matrix by {longest:.2g} of its "
        "size, where 1e-3 is usual"
    )
