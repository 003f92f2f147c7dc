"""The last layer and the loss: what the one gives and the other takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf, log
from typing import Any

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding, at
from chainrule.doctor.symptom import symptom
from chainrule.layers import Dense, Dropout, Flatten, Identity, ReLU, Sigmoid, Softmax, Tanh
from chainrule.layers.base import Placed
from chainrule.losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError

RANGES = {Sigmoid: (0.0, 1.0), Softmax: (0.0, 1.0), Tanh: (-1.0, 1.0), ReLU: (0.0, inf)}
ALIKE = (Identity, Flatten, Dropout)  # the layer before them gives the output


@symptom("softmax twice", "network")
def softmax_twice(seen: Evidence) -> Iterator[Finding]:
    """Find a network that ends in the activation which its loss applies as well."""
    last, loss = _last(seen), seen.model.trained_loss
    twice = {"classes": Softmax, "binary": Sigmoid}.get(loss.task)
    if not _takes_logits(loss) or twice is None or not isinstance(last.layer, twice):
        return
    name = twice.__name__.lower()
    k = last.output_shape[0]
    plain = "CrossEntropy()" if twice is Softmax else "BinaryCrossEntropy()"
    best = _best_probability(k if twice is Softmax else 2, 0.0, 1.0)
    yield Finding(
        at(last.path, last.layer),
        f"{seen.model.loss!r} applies {name} itself, to numbers that {name} has brought into 0 to "
        f"1: no answer can be surer than {best:.3f}, and the loss cannot fall below "
        f"{-log(best):.3f}" + ("" if twice is Softmax else " for an answer of 0.5 or more"),
        f"leave {last.layer} out, or train on {plain}, which takes probabilities",
        {"layer": last.path, "surest": best, "least_loss": -log(best)},
    )


@symptom("loss and output do not fit", "network")
def do_not_fit(seen: Evidence) -> Iterator[Finding]:
    """Find cut logits, probabilities that are none, targets out of the output's reach."""
    last, loss = _last(seen), seen.model.trained_loss
    bounds = RANGES.get(type(last.layer))
    if loss.task == "regression":
        yield from _out_of_reach(seen, last)
    elif isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        yield from _no_probabilities(seen, last)
    elif not _takes_logits(loss):
        return  # a margin, say: any number will do
    elif bounds is not None and type(last.layer).__name__ != _inside(loss):
        low, high = bounds
        where, k = at(last.path, last.layer), last.output_shape[0]
        numbers: dict[str, Any] = {"layer": last.path}
        if high == inf:
            said = f"{loss!r} takes raw numbers of either sign, but those below 0 are cut off"
            if seen.answers is not None:
                cut = (seen.answers.Z <= 0).mean()
                dead = (seen.answers.Z <= 0).all(axis=1).mean()
                said += (
                    f": {cut:.0%} of the outputs are 0, and on {dead:.0%} of the samples all are"
                )
        else:
            best = _best_probability(k if loss.task == "classes" else 2, low, high)
            said = (
                f"{loss!r} takes raw numbers, but these lie between {low:g} and {high:g}: no "
                f"answer can be surer than {best:.3f}, and the loss cannot fall below "
                f"{-log(best):.3f}"
            )
            numbers["surest"] = best
        yield Finding(where, said, f"leave {last.layer} out: end in Dense({k})", numbers)


@symptom("squared error with labels", "network")
def squared_error_with_labels(seen: Evidence) -> Iterator[Finding]:
    """Find classes learnt by a squared error: it works, only more slowly."""
    targets, loss = seen.model.targets, seen.model.loss
    if not isinstance(loss, SquaredError) or targets is None:
        return
    if targets.kind == "labels":
        yield Finding(
            repr(loss),
            f"the {targets.outputs} classes are learnt as rows of 0 and 1 by a squared error; a "
            "sure and wrong answer costs little more than an unsure one, which makes it slow",
            "for classes, end in Dense(classes) and train on SoftmaxCrossEntropy()",
            {"classes": targets.outputs},
            severity="remark",
        )
    elif targets.outputs == 1 and seen.data is not None:
        found = np.unique(seen.data.targets)
        k = len(found)
        if 3 <= k <= 20 and len(seen.data.X) >= 10 * k and np.array_equal(found, np.arange(k)):
            yield Finding(
                repr(loss),
                f"y holds the whole numbers 0 to {k - 1} and nothing else; if they are names of "
                "classes, 1 does not lie between 0 and 2",
                f"for classes, end in Dense({k}) and train on SoftmaxCrossEntropy()",
                {"classes": k},
                severity="remark",
            )


def _last(seen: Evidence) -> Placed:
    """Return the layer whose numbers the loss receives."""
    assert seen.model.built is not None
    places = seen.model.built.places
    return next((p for p in reversed(places) if not isinstance(p.layer, ALIKE)), places[-1])


def _takes_logits(loss: Loss) -> bool:
    return type(loss).predictions is not Loss.predictions


def _inside(loss: Loss) -> str:
    """Return the name of the activation that a loss on logits contains."""
    return {"classes": "Softmax", "binary": "Sigmoid"}.get(loss.task, "")


def _best_probability(k: int, low: float, high: float) -> float:
    """Return the largest probability that softmax makes of k numbers within bounds.

    >>> round(_best_probability(10, 0, 1), 3)
    0.232
    """
    return exp(high) / (exp(high) + (k - 1) * exp(low))


def _no_probabilities(seen: Evidence, last: Placed) -> Iterator[Finding]:
    """Yield a finding where a loss on probabilities is given something else."""
    loss, k = seen.model.trained_loss, last.output_shape[0]
    right = "Softmax()" if loss.task == "classes" else "Sigmoid()"
    to_do = f"end in Dense({k}) and {right}"
    where = at(last.path, last.layer)
    if seen.answers is not None:
        Z = seen.answers.Z
        low, high = float(Z.min()), float(Z.max())
        sums = Z.sum(axis=1)
        numbers = {"layer": last.path, "low": low, "high": high}
        if low < -1e-4 or high > 1 + 1e-4:
            said = f"{loss!r} takes probabilities, but the outputs run from {low:.3g} to {high:.3g}"
            yield Finding(where, said, to_do, numbers)
        elif loss.task == "classes" and np.abs(sums - 1).max() > 0.01:
            said = (
                f"{loss!r} takes probabilities that sum to 1, but these sum to {sums.min():.3g} "
                f"to {sums.max():.3g}; it only looks at the true class, so answering 1 to "
                "everything is best"
            )
            yield Finding(where, said, to_do, numbers)
    elif isinstance(last.layer, Dense | Tanh | ReLU):
        said = f"{loss!r} takes probabilities, which {last.layer} does not give"
        yield Finding(where, said, to_do, {"layer": last.path})


def _out_of_reach(seen: Evidence, last: Placed) -> Iterator[Finding]:
    """Yield a finding where the targets lie outside of what the last activation can give."""
    bounds = RANGES.get(type(last.layer))
    if bounds is None or seen.answers is None:
        return
    (low, high), Y = bounds, seen.answers.targets
    outside = float(((low > Y) | (high < Y)).mean())
    if outside == 0:
        return
    reach = f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
    yield Finding(
        at(last.path, last.layer),
        f"the targets run from {Y.min():.4g} to {Y.max():.4g}, but the output can only be {reach}: "
        f"{outside:.0%} of them are out of reach",
        f"leave {last.layer} out, so that the network ends in a plain Dense",
        {"layer": last.path, "outside": outside},
    )
