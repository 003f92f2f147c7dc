"""What `train` says before it begins: the data, the network, and what may spoil the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.building import scale_factor, uneven_columns
from chainrule.cli.output import say

if TYPE_CHECKING:
    from chainrule.cli.recipe import Recipe
    from chainrule.data import DataSet


def headline(data: DataSet, recipe: Recipe) -> str:
    """Return what is trained on what, in two lines."""
    model = recipe.model
    assert model.built is not None
    shape = "x".join(map(str, data.x.shape[1:]))
    what = f"images of {shape}" if data.x.ndim > 2 else f"samples of {shape} numbers"
    tested = 0 if data.x_test is None else len(data.x_test)
    classes = "" if data.classes is None else f", {len(data.classes)} classes"
    size = f"batches of {recipe.batch_size:,}"
    if recipe.batch_size is None or recipe.batch_size >= len(data.x):
        size = "all samples at once"
    return (
        f"{data.name}: {len(data.x):,} {what} to train on, {tested:,} to test{classes}\n"
        f"{model.network!r}, {model.built.count:,} parameters\n"
        f"{model.loss!r}, {model.optimizer!r}, {size}, seed {model.seed}"
    )


def remarks(data: DataSet) -> None:
    """Say what may spoil the training."""
    uneven = uneven_columns(data.x)
    if uneven and scale_factor(data.x) is None:
        say(f"warning: the {uneven} and are not standardised; training may be slow or fail")
