"""What a model answers, against the truth and against the best answer that ignores the input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from chainrule.losses import Loss, one_hot
from chainrule.metrics import has_accuracy, hits
from chainrule.namespace import Array

RIGHT, EXPLAINED = 0.98, 0.95  # from here on a training has done what it was asked to do


@dataclass(frozen=True, eq=False)
class Answers:
    """Raw outputs Z (m, k) and targets (m, k), labels as one-hot rows; `loss` is per sample."""

    Z: Array
    targets: Array
    kind: str  # "classes", "flags" or "values"
    loss: float
    baseline: float
    accuracy: float | None
    truth: Array | None = None  # (m,) the class of each sample, where it has exactly one
    answer: Array | None = None

    @classmethod
    def of(cls, loss: Loss, Z: Array, targets: Array) -> Answers:
        """Return the answers of a network's output."""
        Y = one_hot(targets, Z) if targets.ndim == 1 else targets.astype(np.float64)
        classes = loss.task == "classes" or targets.ndim == 1
        kind = "classes" if classes else "flags" if loss.task == "binary" else "values"
        with np.errstate(all="ignore"):
            value = float(loss.per_sample(Z, Y)[0].mean())
            baseline = constant_loss(loss, Y)
        right = float(hits(loss, Z, targets).mean()) if has_accuracy(loss, targets) else None
        truth = answer = None
        if kind == "classes":
            truth, answer = Y.argmax(axis=1), Z.argmax(axis=1)
        elif kind == "flags" and Y.shape[1] == 1:
            truth, answer = (Y[:, 0] > 0.5).astype(int), (Z[:, 0] > loss.threshold).astype(int)
        return cls(Z, Y, kind, value, baseline, right, truth, answer)

    @property
    def samples(self) -> int:
        """How many samples were asked about."""
        return len(self.Z)

    @cached_property
    def chance(self) -> float:
        """The accuracy of always giving the most frequent answer."""
        if self.kind == "classes":
            return float(self.targets.mean(axis=0).max())
        return float((self.targets == np.round(self.targets.mean(axis=0))).all(axis=1).mean())

    @cached_property
    def above_chance(self) -> bool:
        """Whether more answers are right than luck explains (4 standard errors)."""
        if self.accuracy is None:
            return self.explained > 4 / sqrt(self.samples)
        spread = sqrt(max(self.chance * (1 - self.chance), 1e-9) / self.samples)
        return self.accuracy > self.chance + 4 * spread

    @cached_property
    def explained(self) -> float:
        """The share of the targets' variance that the outputs explain: R², at most 1."""
        total = float(((self.targets - self.targets.mean(axis=0)) ** 2).sum())
        rest = float(((self.targets - self.Z) ** 2).sum())
        return 1 - rest / total if total else 0.0

    @cached_property
    def fits(self) -> bool:
        """Whether nearly all is right: 98 % of the answers, or 95 % of the variance."""
        if self.accuracy is not None:
            return self.accuracy >= RIGHT
        return self.explained >= EXPLAINED

    @property
    def counts(self) -> Array:
        """How many samples of each class there are."""
        return self._count(self.truth)

    @property
    def answered(self) -> Array:
        """How often each class is the answer."""
        return self._count(self.answer)

    def _count(self, classes: Array | None) -> Array:
        k = max(self.Z.shape[1], 2)
        return np.zeros(k, int) if classes is None else np.bincount(classes, minlength=k)


def constant_loss(loss: Loss, Y: Array) -> float:
    """Return the least loss per sample of an answer that is the same for all samples.

    For cross-entropy that is the entropy of the classes, for a squared error the variance. Both are
    reached by the mean of the targets.

    >>> from chainrule.losses import SoftmaxCrossEntropy
    >>> round(constant_loss(SoftmaxCrossEntropy(), np.eye(2)), 4)
    0.6931
    """
    mean = np.broadcast_to(Y.mean(axis=0), Y.shape)
    Z, eps = mean, 1e-12
    if not np.allclose(loss.predictions(mean), mean):  # then it takes logits
        Z = np.log(mean + eps) - (np.log(1 - mean + eps) if loss.task == "binary" else 0)
    return float(loss.per_sample(Z, Y)[0].mean())
