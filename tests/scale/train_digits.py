"""Train on the digits and print a digest of all that was learnt: run by mpirun in the tests."""

from __future__ import annotations

import hashlib
import signal
import sys

import numpy as np

import chainrule as cr
from chainrule.model_file import named

OPTIMIZERS = {"sgd": cr.SGD(0.1, momentum=0.9), "adam": cr.Adam()}


def digest(model: cr.Model) -> str:
    """Return a hash of parameters, running statistics and the optimizer's averages."""
    arrays = named(model.state, optimizer=True)
    content = b"".join(
        name.encode() + np.asarray(arrays[name]).tobytes() for name in sorted(arrays)
    )
    return hashlib.sha256(content).hexdigest()


class Interrupting(cr.Callback):
    """Ctrl-C, in the second process alone."""

    def on_epoch(self, training: cr.training.Training) -> None:
        if training.comm.rank == 1 and training.epoch == 3:
            signal.raise_signal(signal.SIGINT)


class Blind(cr.Checkpoint):
    """A folder that the second process sees elsewhere."""

    def on_start(self, training: cr.training.Training) -> None:
        if training.comm.rank == 1:
            tell = training.comm.tell
            training.comm.tell = lambda text: tell(text).replace("step", "gone")  # type: ignore
        super().on_start(training)


def train(
    optimizer: str, engine: str, epochs: int, folder: str = "", fail: int = -1, what: str = ""
) -> tuple[str, cr.Model]:
    """Return the digest after some epochs; with `folder`, resumed from there and saved."""
    (x, y), _ = cr.data.load("digits")
    network = cr.Sequential(
        cr.Scale(1 / 16), cr.Flatten(), cr.Dense(32), cr.BatchNorm(), cr.ReLU(), cr.Dropout(0.3),
        cr.Dense(10),
    )  # fmt: skip
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), OPTIMIZERS[optimizer], seed=3)

    class Failing(cr.Callback):
        def on_epoch(self, training: object) -> None:
            from chainrule.scale.mpi import connect

            if connect().rank == fail:
                raise RuntimeError("this rank fails on purpose")

    callbacks: list[cr.Callback] = [Failing()] if fail >= 0 else []
    if folder:
        kind = Blind if what == "blind" else cr.Checkpoint
        callbacks.append(kind(folder, resume=True))
    if what == "interrupt":
        callbacks.append(Interrupting())
    model.fit(
        x, y, epochs, 100, engine=engine, verbose=0, comm="mpi", callbacks=callbacks
    )  # fmt: skip
    return digest(model), model


if __name__ == "__main__":
    from chainrule.scale.mpi import connect

    optimizer, engine, epochs, folder, fail, *what = sys.argv[1:]
    found, model = train(optimizer, engine, int(epochs), folder, int(fail), *what)
    stopped = model.history.stopped or ""
    print(f"{connect().rank} {found} {model.state.step} {stopped}\n", end="", flush=True)
