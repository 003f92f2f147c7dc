"""A training that is killed and run again: `python resumed.py FOLDER ENGINE KILL_AT [WORDS]`.

At update KILL_AT the process kills itself, with no time to clean up (SIGKILL): between two updates,
or with the word "during" in the middle of writing a checkpoint. KILL_AT 0 lets it finish, and the
final weights and curves are written to FOLDER/final. With "long" it has ten times as many steps.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import chainrule as cr
from chainrule import augmentation, storage
from chainrule.training import Training


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Kill(cr.Callback):
    """SIGKILL after an update; it is not part of what is compared, so it has nothing to save."""

    def __init__(self, step: int, during: bool) -> None:
        self.step, self.during = step, during
        self.pause_every = 1

    def on_chunk(self, training: Training) -> None:
        if training.step != self.step:
            return
        if not self.during:
            die()
        storage.os = Torn()  # type: ignore[attr-defined, assignment]


class Torn:
    """The module os, in which the next renaming is the end."""

    def __getattr__(self, name: str) -> Any:
        return die if name == "replace" else getattr(os, name)

    def replace(self, *names: Any) -> None:
        die()


def train(folder: Path, engine: str, kill_at: int, during: bool, long: bool = False) -> cr.Model:
    """Train with everything on that has a memory, or draws random numbers."""
    (x, y), _ = cr.data.load("digits")
    x, y = x[:90], y[:90]
    network = cr.Sequential(
        cr.Scale(1 / 16), cr.Flatten(), cr.Standardize(), cr.Dense(12), cr.BatchNorm(), cr.Tanh(),
        cr.Dropout(0.2), head=cr.Dense(10),
    )  # fmt: skip
    epochs = 60 if long else 6
    schedule = cr.WarmUp(5, cr.Cosine(0.03, 6 * epochs))
    optimizer = cr.Averaged(cr.Clipped(cr.Adam(schedule), global_norm=2.0), decay=0.9)
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), optimizer, seed=5)
    callbacks: list[cr.Callback] = [
        cr.Checkpoint(folder, steps=4, epochs=None, best="validation_loss", resume=True),
        cr.EarlyStopping("validation_loss", patience=epochs // 2),
        cr.ReduceOnPlateau("validation_accuracy", patience=1),
    ]
    if kill_at:
        callbacks.append(Kill(kill_at, during))
    warps = augmentation.Shift(1), augmentation.Rotate(10), augmentation.Elastic(4, 2)
    model.fit(
        x, y, epochs, 14, validation_split=0.2, callbacks=callbacks, engine=engine, verbose=0,
        augment=augmentation.Augment(*warps), metrics=["f1"], class_weight="balanced",
    )  # fmt: skip
    return model


if __name__ == "__main__":
    where, chosen, at, *words = sys.argv[1:]
    trained = train(Path(where), chosen, int(at), during="during" in words, long="long" in words)
    if trained.history.stopped and trained.history.stopped.startswith("interrupted"):
        sys.exit(130)
    trained.history.seconds.clear()  # all but the clock
    trained.history.engine = chosen
    trained.save(Path(where) / "final")
