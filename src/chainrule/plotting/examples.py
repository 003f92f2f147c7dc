"""Examples with the network's answers and the truth; the wrong ones are marked."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.plotting.canvas import GREY, RED, new_figure, short
from chainrule.plotting.weights import image_shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chainrule.model import Model


def examples(
    model: Model,
    x: Any,
    y: Any,
    count: int = 24,
    wrong_first: bool = True,
    write: Callable[[Any], str] = str,
) -> Figure:
    """Draw images with the answer, and the truth in red where the answer is wrong.

    With `wrong_first` the most confident mistakes come first, up to half of the pictures.
    `write` turns a label into what is written for it. Raises ConfigurationError where the
    samples are no images or the model has no classes.
    """
    x, y = np.asarray(x), np.asarray(y)
    assert model.built is not None
    shape = image_shape(model.built.input_shape)
    if shape is None or model.targets is None or model.targets.kind == "values":
        raise ConfigurationError(
            f"examples can be drawn for images with classes; the input is {model.built.input_shape}"
        )
    answers = model.predict(x)
    proba = model.predict_proba(x)
    sure = proba.max(axis=1) if proba.shape[1] > 1 else np.maximum(proba, 1 - proba)[:, 0]
    chosen = choose(answers != y, sure, count, wrong_first)
    columns = min(8, len(chosen))
    rows = ceil(len(chosen) / columns)
    figure = new_figure(max(1.2 * columns, 3.0), 1.5 * rows + 0.45)
    grid = figure.subplots(rows, columns, squeeze=False)
    for ax in grid.flat:
        ax.axis("off")
    for ax, i in zip(grid.flat, chosen, strict=False):
        ax.imshow(x[i].reshape(shape), cmap="gray_r")
        right = answers[i] == y[i]
        said = f"{short(write(answers[i]), 11)} ({100 * sure[i]:.0f} %)"
        told = said if right else f"{said}\nis {short(write(y[i]), 11)}"
        ax.set_title(told, fontsize=8, color=GREY if right else RED, pad=3, linespacing=1.1)
        if not right:
            ax.axis("on")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set(color=RED, linewidth=1.6)
    wrong = int((answers != y).sum())
    order = "; the surest mistakes first" if wrong and wrong_first else ""
    figure.suptitle(f"{wrong:,} of {len(y):,} wrong{order}", fontsize=11, x=0.01, ha="left")
    return figure


def choose(wrong: Any, sure: Any, count: int, wrong_first: bool) -> list[int]:
    """Return which samples are shown: confident mistakes, then the first right ones.

    >>> choose(np.array([False, True, True, False]), np.array([0.9, 0.6, 0.8, 1.0]), 3, True)
    [2, 0, 3]
    """
    n = min(count, len(wrong))
    if n < 1:
        raise ConfigurationError("there are no samples to draw")
    if not wrong_first:
        return list(range(n))
    mistakes = np.flatnonzero(wrong)
    mistakes = mistakes[np.argsort(-sure[mistakes], kind="stable")]
    right = np.flatnonzero(~np.asarray(wrong))
    few = max(n // 2, n - len(right))
    first = mistakes[:few].tolist()
    return [*first, *right[: n - len(first)].tolist()]
