"""What goes with a training from the command line: stopping early, and saving it on the way."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli.recipe import Recipe
from chainrule.training import Callback


def callbacks(
    patience: int | None, recipe: Recipe, checkpoint: Path | None, resume: bool, keep: int
) -> list[Callback]:
    """Return what was asked for beside the training."""
    from chainrule.training import EarlyStopping

    chosen: list[Callback] = []
    held_out = recipe.validation_split or recipe.validation_data is not None
    if patience is not None:
        chosen.append(EarlyStopping("validation_loss" if held_out else "loss", patience))
    return chosen + saving(checkpoint, resume, keep, bool(held_out))


def saving(checkpoint: Path | None, resume: bool, keep: int, watched: bool) -> list[Callback]:
    """Return the callback that saves the training, where it was asked for."""
    from chainrule.errors import ConfigurationError
    from chainrule.training import Checkpoint

    if checkpoint is not None:
        best = "validation_loss" if watched else "loss"
        return [Checkpoint(checkpoint, seconds=60, keep=keep, best=best, resume=resume)]
    if resume:
        raise ConfigurationError("--resume needs --checkpoint FOLDER, where the training was saved")
    return []
