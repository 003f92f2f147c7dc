"""The curves for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.errors import MissingExtraError
from chainrule.training.callbacks.base import Callback, Training


class TensorBoardLog(Callback):
    """Write every curve as TensorBoard scalars, by epoch: loss/training, loss/validation.

    Written by tensorboardX (`pip install "chainrule[tensorboard]"`); look with
    `tensorboard --logdir FOLDER`. Raises MissingExtraError where it is not installed.
    """

    leader_only = True

    def __init__(self, folder: str | Path) -> None:
        try:
            import tensorboardX
        except ImportError as error:
            raise MissingExtraError(
                f'TensorBoardLog needs tensorboardX: pip install "chainrule[tensorboard]" ({error})'
            ) from None
        self.module, self.folder = tensorboardX, Path(folder)
        self.writer: Any = None

    def on_epoch(self, training: Training) -> None:
        if self.writer is None:  # only now is it known where a resumed training goes on
            self.writer = self.module.SummaryWriter(str(self.folder), purge_step=training.epoch)
        for name, value in training.values.items():
            part = "validation" if name.startswith("validation_") else "training"
            tag = f"{name.removeprefix('validation_')}/{part}"
            self.writer.add_scalar(tag, value, training.epoch)
        self.writer.flush()

    def on_end(self, training: Training) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None
