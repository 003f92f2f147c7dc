"""The loss over the learning rate, from one short run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.plotting.canvas import BLUE, GREY, ORANGE, axes_or_new, quiet
from chainrule.training.learning_rate import LearningRates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_rates(found: LearningRates, ax: Axes | None = None) -> Axes:
    """Draw what `find_learning_rate` tried, the suggestion marked; return the axes.

    >>> import numpy as np
    >>> found = LearningRates(np.geomspace(0.001, 1, 7), np.array([9, 9, 9, 5, 1, 1, 2]))
    >>> learning_rates(found).get_title(loc="left")
    'loss falls fastest at learning rate 0.032'
    """
    ax = axes_or_new(ax, 6.4, 4.0)
    quiet(ax)
    ax.plot(found.rates, found.losses, color=GREY, linewidth=0.8, label="minibatch")
    ax.plot(found.rates, found.smooth, color=BLUE, linewidth=1.8, label="smoothed")
    ax.axvline(found.suggestion, color=ORANGE, linestyle="--", linewidth=1.2, label="suggestion")
    ax.set_xscale("log")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss")
    ax.set_title(
        f"loss falls fastest at learning rate {found.suggestion:.2g}", loc="left", fontsize=11
    )
    ax.legend(frameon=False)
    return ax
