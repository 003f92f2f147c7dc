"""The confusion matrix: true classes in rows, the network's answers in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import metrics
from chainrule.errors import ShapeError
from chainrule.plotting.canvas import axes_or_new, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS_UP_TO = 30  # above that many classes the counts would overlap


def confusion_matrix(
    truth: Any,
    answers: Any,
    classes: Sequence[Any] | None = None,
    names: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often each true class (row) got each answer (column); return the axes.

    `classes` are the labels in order, by default those that occur; `names` what is written for
    them. The colour is the root of the share of the row, so that rare classes and mistakes
    are seen as well.
    Raises ShapeError when `truth` and `answers` differ in length.

    >>> ax = confusion_matrix([0, 0, 1], [0, 1, 1])
    >>> ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")
    ('answer', 'truth', '2 of 3 right (66.67 %)')
    """
    truth, answers = np.asarray(truth), np.asarray(answers)
    if truth.shape != answers.shape or truth.ndim != 1:
        raise ShapeError(
            f"expected one answer per sample, got truth {truth.shape} and answers {answers.shape}"
        )
    if classes is None:
        classes = np.unique(np.concatenate([truth, answers])).tolist()
    counts = metrics.confusion_matrix(truth, answers, classes)
    k = len(counts)
    side = min(2.2 + 0.4 * k, 11.0)
    ax = axes_or_new(ax, side + 0.4, side)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # the square root: one mistake in a hundred shows as a tenth of the colour
    ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    if k <= NUMBERS_UP_TO:
        cell = 72 * (side - 1.0) / k  # points; a digit is 0.6 of its size wide
        size = max(3.5, min(9.0, 0.85 * cell / (0.6 * len(f"{counts.max():,}"))))
        for i, j in np.argwhere(counts > 0).tolist():
            colour = "white" if share[i, j] > 0.3 else "#1f2937"
            weight = "bold" if i == j else "normal"
            ax.text(
                j, i, f"{counts[i, j]:,}", color=colour, weight=weight, fontsize=size,
                ha="center", va="center",
            )  # fmt: skip
    labels = [short(name) for name in (classes if names is None else names)]
    every = -(-k // 40)
    turned = max(map(len, labels)) > 3
    ax.set_xticks(range(0, k, every), labels[::every], rotation=45 if turned else 0,
                  ha="right" if turned else "center", rotation_mode="anchor")  # fmt: skip
    ax.set_yticks(range(0, k, every), labels[::every])
    ax.tick_params(length=0)
    if k <= NUMBERS_UP_TO:
        ax.set_xticks(np.arange(k + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(k + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="white", linewidth=1.2)
        ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("answer")
    ax.set_ylabel("truth")
    right, total = int(np.trace(counts)), int(counts.sum())
    ax.set_title(
        f"{right:,} of {total:,} right ({100 * right / max(total, 1):.2f} %)",
        loc="left",
        fontsize=11,
    )
    return ax
