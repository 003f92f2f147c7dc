"""Checkpoints: a training that was killed goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any
from zlib import crc32

import numpy as np

from chainrule.description import from_config
from chainrule.errors import ConfigurationError, ModelFileError
from chainrule.namespace import Array
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.history import History

# What must be the same in the training that goes on, of the model and of the call of `fit`.
SAME = ("network", "loss", "optimizer", "input_shape", "dtype", "seed", "trainable")


class Checkpoint(Callback):
    """Save a training to `folder`, so that it can be resumed, bit by bit as if never interrupted.

    Saved is after every `epochs` epochs (None: not by epochs), every `steps` updates, or when
    `seconds` have passed, and at the end. A file holds parameters, running statistics, the
    optimizer's averages, the place in the schedule and in the epoch, the history, and what other
    callbacks remember; randomness needs no saving, it is a function of seed and step. It is
    written to a temporary file and renamed, so it is whole or not there. The `keep` newest stay
    (None: all). `chainrule.load` opens one as a model.

    With `resume` the newest file in the folder that is whole is taken, if there is any; then the
    same script, run again after it was killed, finishes the same training. Without, a folder that
    already holds checkpoints is refused. Raises ConfigurationError when they come from another
    model, other data or other settings; `epochs` of `fit` may be larger than it was.

        model.fit(x, y, epochs=50, callbacks=[cr.Checkpoint("runs/a", seconds=60, resume=True)])
    """

    runs_last = True  # so that it saves what the others have made of the epoch

    def __init__(
        self,
        folder: str | Path,
        epochs: int | None = 1,
        *,
        steps: int | None = None,
        seconds: float | None = None,
        keep: int | None = 2,
        resume: bool = False,
    ) -> None:
        for name, value in {"epochs": epochs, "steps": steps, "keep": keep}.items():
            if value is not None and value < 1:
                raise ConfigurationError(f"Checkpoint: {name} must be at least 1, got {value}")
        self.folder, self.epochs, self.pause_every = Path(folder), epochs, steps
        self.seconds, self.keep, self.resume = seconds, keep, resume
        self.saved_at = 0.0

    def files(self) -> list[Path]:
        """Return the checkpoints in the folder, the oldest first."""
        return sorted(self.folder.glob("step-*.safetensors"))

    def on_start(self, training: Training) -> None:
        self.saved_at = monotonic()
        for left in self.folder.glob(".step-*.safetensors.*"):  # by a process killed while writing
            left.unlink(missing_ok=True)
        files = self.files()
        if files and not self.resume:
            raise ConfigurationError(
                f"{self.folder} already holds {files[-1].name}: Checkpoint(..., resume=True) goes "
                f"on from it; to start anew, take another folder"
            )
        if files:
            self._resume(training, *newest(files))

    def on_chunk(self, training: Training) -> None:
        due = self.pause_every is not None and training.step % self.pause_every == 0
        if due or (self.seconds is not None and monotonic() - self.saved_at >= self.seconds):
            self.save(training)

    def on_epoch(self, training: Training) -> None:
        done = training.epoch == training.last or training.history.stopped
        if done or (self.epochs is not None and training.epoch % self.epochs == 0):
            self.save(training)

    def save(self, training: Training) -> Path:
        """Write a checkpoint of this very moment, and delete those that are too old."""
        from chainrule import model_file

        config, arrays = model_file.header(training.model), _arrays(training)
        remembered = []
        for i, callback in enumerate(_remembering(training)):
            saved = callback.on_save(training)
            plain = {name: v for name, v in saved.items() if not isinstance(v, np.ndarray)}
            remembered.append({"type": type(callback).__name__, "values": plain})
            arrays |= {f"callbacks.{i}.{n}": v for n, v in saved.items() if n not in plain}
        factor = training.state.factor
        config["checkpoint"] = {
            "first": training.first,
            "epoch": training.epoch,
            "position": training.position,
            "loss_sum": training.loss_sum,
            "hits": training.hits,
            "seconds": training.seconds,
            "factor": None if factor is None else float(factor),
            "facts": training.facts,
            "callbacks": remembered,
            "checksum": checksum(arrays),
        }
        path = self.folder / f"step-{training.step:010d}.safetensors"
        model_file.write(path, config, arrays)
        self.saved_at = monotonic()
        if self.keep is not None:
            for old in self.files()[: -self.keep]:
                old.unlink(missing_ok=True)
        return path

    def _resume(
        self, training: Training, path: Path, config: dict[str, Any], arrays: dict[str, Array]
    ) -> None:
        """Put the training where the checkpoint was written."""
        from chainrule.model_file import filled, header

        place = config["checkpoint"]
        now, then = header(training.model), config
        for name in SAME:
            _must_match(path, name, then[name], now[name])
        for name, value in training.facts.items():
            _must_match(path, name, place["facts"].get(name), value)
        remembering = _remembering(training)
        types = [type(callback).__name__ for callback in remembering]
        _must_match(path, "callbacks", [c["type"] for c in place["callbacks"]], types)
        own = {n: a for n, a in arrays.items() if not n.startswith("callbacks.")}
        state = filled(training.state, own, path, optimizer=True)
        training.state = state._replace(step=int(config["steps"]), factor=place["factor"])
        history = History.from_config(config["history"])
        training.history.curves, training.history.seconds = history.curves, history.seconds
        training.history.stopped = history.stopped
        training.step = int(config["steps"])
        training.first, training.epoch = place["first"], place["epoch"]
        training.position, training.seconds = place["position"], place["seconds"]
        training.loss_sum, training.hits = place["loss_sum"], place["hits"]
        for i, callback in enumerate(remembering):
            prefix = f"callbacks.{i}."
            mine = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
            callback.on_resume(training, place["callbacks"][i]["values"] | mine)


def newest(files: list[Path]) -> tuple[Path, dict[str, Any], dict[str, Array]]:
    """Return path, header and arrays of the newest checkpoint that is whole.

    Raises ModelFileError when none of them is.
    """
    from chainrule.model_file import read

    problems = []
    for path in reversed(files):
        try:
            config, arrays = read(path)
            if config["checkpoint"]["checksum"] == checksum(arrays):
                return path, config, arrays
            problems.append(f"{path} is damaged: its arrays are not those that were written")
        except (ModelFileError, KeyError, TypeError) as error:
            problems.append(str(error))
    raise ModelFileError(f"no checkpoint can be read; the newest: {problems[0]}")


def checksum(arrays: Mapping[str, Any]) -> int:
    """Return a number that changes when any entry of any array does."""
    total = 0
    for name in sorted(arrays):
        total = crc32(np.asarray(arrays[name], order="C").tobytes(), crc32(name.encode(), total))
    return total


def _arrays(training: Training) -> dict[str, Any]:
    from chainrule.model_file import named

    return named(training.state, optimizer=True)


def _remembering(training: Training) -> list[Callback]:
    return [c for c in training.callbacks if type(c).on_save is not Callback.on_save]


def _must_match(path: Path, name: str, then: Any, now: Any) -> None:
    if then != now:
        raise ConfigurationError(
            f"{path} belongs to another training: its {name} was {_shown(then)}, and is "
            f"{_shown(now)} now; take another folder to start anew"
        )


def _shown(value: Any) -> str:
    """Return a stored description as its constructor call, anything else as it is."""
    try:
        return repr(from_config(value) if isinstance(value, dict) else value)
    except ConfigurationError:
        return repr(value)
