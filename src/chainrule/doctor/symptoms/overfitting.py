"""Learning by heart: better and better on the training samples, worse on all others."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding
from chainrule.doctor.symptom import symptom

ROSE, FELL = 1.25, 0.95  # validation loss over its best, and training loss over that epoch's
GAP = 0.1  # in accuracy, or 0.3 in the share of the variance explained


@symptom("over-fitting", "curves", "held out")
def overfitting(seen: Evidence) -> Iterator[Finding]:
    """Find a validation loss that rises while the training loss falls, or scores far apart."""
    history = seen.model.history
    if "the weights are those of epoch" in (history.stopped or ""):
        return  # EarlyStopping has gone back to the best
    curves = history.curves
    loss, other = curves.get("loss", []), curves.get("validation_loss", [])
    size = _size(seen)
    if len(other) == len(loss) >= 5 and min(loss + other) > 0:
        best = int(np.argmin(other))
        late = float(np.mean(other[-3:]))
        clear = late > ROSE * other[best] and late - other[best] > 0.05 * max(other[0], other[best])
        if clear and len(other) - best > 3 and loss[-1] < FELL * loss[best]:
            yield Finding(
                f"after epoch {best + 1}",
                f"the validation loss was {other[best]:.4g} there and is {other[-1]:.4g} in epoch "
                f"{len(other)}, while the training loss fell from {loss[best]:.4g} to "
                f"{loss[-1]:.4g}{size}",
                f"stop at epoch {best + 1} (EarlyStopping), add data, Dropout or weight decay, or "
                "take a smaller network",
                {"epoch": best + 1, "best": other[best], "last": other[-1]},
            )
            return
    one, two = seen.answers, seen.other_answers
    if one is None or two is None or not history.epochs:
        return
    if one.accuracy is not None and two.accuracy is not None:
        gap, spread = one.accuracy - two.accuracy, sqrt(0.25 / one.samples + 0.25 / two.samples)
        clear = gap > GAP and gap > 4 * spread
        said = (
            f"{one.accuracy:.1%} of the training samples are right, and {two.accuracy:.1%} of "
            "other samples"
        )
    else:
        gap = one.explained - two.explained
        clear = gap > 3 * GAP and one.explained > 0.5 and two.samples >= 20
        said = (
            f"of the training targets' variance {one.explained:.0%} is explained, of other "
            f"samples' {two.explained:.0%}"
        )
    if clear:
        yield Finding(
            "the training samples",
            said + size,
            "watch a validation loss and stop at its best (EarlyStopping), add data, Dropout or "
            "weight decay, or take a smaller network",
            {"gap": gap},
        )


def _size(seen: Evidence) -> str:
    """Return parameters and samples, where there are more of the first."""
    if seen.data is None or seen.model.built is None:
        return ""
    count, samples = seen.model.built.count, len(seen.data.X)
    return f"; {count:,} parameters, {samples:,} samples" if count > samples else ""
