"""Loss curves: training solid, validation dashed, the best epoch marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import ConfigurationError
from chainrule.plotting.canvas import BLUE, GREY, ORANGE, axes_or_new, quiet
from chainrule.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_curves(history: History, ax: Axes | None = None, name: str = "loss") -> Axes:
    """Draw a curve of `history` and that of its validation, epoch by epoch; return the axes.

    `name` is "loss" or "accuracy". The best epoch is that of the validation where there is one.
    Raises ConfigurationError for a history without epochs.

    >>> history = History()
    >>> for loss in (0.9, 0.4, 0.5):
    ...     history.add({"loss": loss}, seconds=0.1)
    >>> loss_curves(history).get_title(loc="left")
    'loss: best 0.4000 in epoch 2'
    """
    if name not in history or not history[name]:
        raise ConfigurationError(f"there is no {name} to draw: the model has not been trained")
    ax = axes_or_new(ax, 6.4, 4.0)
    quiet(ax)
    training, validation = history[name], history.get(f"validation_{name}", [])
    dots = "o" if len(training) <= 30 else ""
    epochs = range(1, len(training) + 1)
    style: dict[str, Any] = {"linewidth": 1.8, "marker": dots, "markersize": 3.5}
    ax.plot(epochs, training, color=BLUE, label="training", **style)
    first = len(training) - len(validation)  # an earlier fit may have had no validation
    watched = list(enumerate(training, 1))
    if validation:
        watched = list(enumerate(validation, first + 1))
        ax.plot(
            [epoch for epoch, _ in watched],
            validation,
            color=ORANGE,
            linestyle="--",
            label="validation",
            **style,
        )
    best = (max if name == "accuracy" else min)(watched, key=lambda point: point[1])
    ax.axvline(best[0], color=GREY, linewidth=1, linestyle=":")
    ax.plot(
        *best,
        "o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=GREY,
        label="best epoch",
        clip_on=False,
    )
    ax.set_xlabel("epoch")
    ax.set_ylabel(name)
    margin = 0.5 if len(training) <= 30 else 0.02 * len(training)
    ax.set_xlim(1 - margin, len(training) + margin)
    ax.locator_params(axis="x", integer=True)
    if name == "loss" and min([*training, *validation]) > 0:
        ax.set_ylim(bottom=0)
    which = "validation " if validation else ""
    ax.set_title(f"{which}{name}: best {best[1]:.4f} in epoch {best[0]}", loc="left", fontsize=11)
    ax.legend(frameon=False)
    return ax
