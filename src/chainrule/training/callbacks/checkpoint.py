"""Checkpoints: a training that was killed goes on as if nothing had happened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from chainrule.description import from_config
from chainrule.errors import ChainruleError, ConfigurationError, ModelFileError, WriteError
from chainrule.namespace import Array
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.callbacks.checkpoint_file import check_place, checksum, newest
from chainrule.training.callbacks.folder_lock import FolderLock
from chainrule.training.callbacks.monitor import Monitor
from chainrule.training.history import History

# What must be the same in the training that goes on, of the model and of the call of `fit`.
SAME = ("network", "loss", "optimizer", "input_shape", "dtype", "seed", "trainable")
BEST = "best.safetensors"


class Checkpoint(Callback):
    """Save a training to `folder`, so that it can be resumed, bit by bit as if never interrupted.

    Saved is after every `epochs` epochs (None: not by epochs), every `steps` updates, or when
    `seconds` have passed, and at the end. A file holds parameters, running statistics, the
    optimizer's averages, the place in the schedule and in the epoch, the history, and what other
    callbacks remember; randomness needs no saving, it is a function of seed and step. It is
    written to a temporary file and renamed, so it is whole or not there. The `keep` newest stay
    (None: all). With `best` ("validation_loss"), the epoch in which that curve was best stays as
    well, in best.safetensors. `chainrule.load` opens one as a model. A full disk or a read-only
    folder raises WriteError, which names the last good checkpoint; a state that is not finite is
    never saved. After Ctrl-C, SIGTERM or SIGHUP the very last step is saved. One training at a time
    has the folder: a second one is refused, with the process that writes there.

    With `resume` the newest file in the folder that is whole is taken, if there is any (`skipped`
    says which are not, and why); then the same script, run again after it was killed, finishes the
    same training. Without, a folder that already holds checkpoints is refused. Raises
    ConfigurationError when they come from another model, other data or other settings; `epochs` of
    `fit` may be larger than it was.

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
        best: str | None = None,
        resume: bool = False,
    ) -> None:
        for name, value in {"epochs": epochs, "steps": steps, "keep": keep}.items():
            if value is not None and value < 1:
                raise ConfigurationError(f"Checkpoint: {name} must be at least 1, got {value}")
        self.folder, self.epochs, self.pause_every = Path(folder), epochs, steps
        self.seconds, self.keep, self.resume = seconds, keep, resume
        self.best, self.saved_at = best, 0.0
        self.skipped: dict[Path, str] = {}
        self.lock = FolderLock(self.folder)

    def files(self) -> list[Path]:
        """Return the checkpoints in the folder, the oldest first."""
        return sorted(self.folder.glob("step-*.safetensors"))

    def on_start(self, training: Training) -> None:
        self.saved_at = monotonic()
        if not training.leader:
            self._follow(training)
            return
        self.lock.take()
        try:
            self._begin(training)
        except BaseException:
            self.lock.release()
            raise

    def on_end(self, training: Training) -> None:
        self.lock.release()

    def _begin(self, training: Training) -> None:
        """Go on from the newest file, if there is any."""
        for left in self.folder.glob(".*.safetensors.*"):  # by a process killed while writing
            left.unlink(missing_ok=True)
        files = [path for path in (self.folder / BEST,) if path.exists()] + self.files()
        if files and not self.resume:
            raise ConfigurationError(
                f"{self.folder} already holds {files[-1].name}: Checkpoint(..., resume=True) goes "
                f"on from it; to start anew, take another folder"
            )
        if not files:
            training.comm.tell("")
        else:
            path, config, arrays, self.skipped = newest(files)
            training.comm.tell(str(path))
            training.remarks += [f"skipped: {problem}" for problem in self.skipped.values()]
            self._resume(training, path, config, arrays)
            training.remarks.append(f"goes on from {path}, after {training.step:,} steps")
            training.saved = str(path)

    def _follow(self, training: Training) -> None:
        """Resume from the file that the first process has taken."""
        path = training.comm.tell("")
        if not path:
            return
        try:
            _, config, arrays, _ = newest([Path(path)])
        except ModelFileError as error:
            raise ModelFileError(
                f"process {training.comm.rank} of {training.comm.size} cannot go on from the "
                f"checkpoint that the first one has taken: {error}. All must see the folder"
            ) from None
        self._resume(training, Path(path), config, arrays)

    def on_chunk(self, training: Training) -> None:
        due = self.pause_every is not None and training.step % self.pause_every == 0
        if (
            due
            or training.signal
            or (self.seconds is not None and monotonic() - self.saved_at >= self.seconds)
        ):
            self.save(training)

    def on_epoch(self, training: Training) -> None:
        if self.best is not None and self._is_best(training):  # first, so that a kill repeats it
            self.save(training, BEST)
        done = training.epoch == training.last or training.history.stopped
        if done or (self.epochs is not None and training.epoch % self.epochs == 0):
            self.save(training)

    def _is_best(self, training: Training) -> bool:
        assert self.best is not None
        monitor = Monitor(self.best)
        monitor.observe(training)  # says so when there is no such curve
        monitor.restart()
        return [monitor.improves(value) for value in training.history[self.best]][-1]

    def save(self, training: Training, name: str = "") -> Path | None:
        """Write a checkpoint of this very moment, and delete those that are too old.

        A state that is not finite is not written: the training is about to say so.
        """
        if not training.leader:
            return None
        from chainrule import model_file

        config, arrays = model_file.header(training.model), _arrays(training)
        if not all(np.isfinite(array).all() for array in arrays.values()):
            return None
        if training.signal:
            config["history"]["stopped"] = None  # it is to go on
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
        }
        config["checkpoint"]["checksum"] = checksum(config, arrays)
        path = self.folder / (name or f"step-{training.step:010d}.safetensors")
        try:
            model_file.write(path, config, arrays)
        except WriteError as error:
            good = training.saved or "none yet"
            raise WriteError(f"{error}. The last good checkpoint: {good}") from error
        if name:
            return path
        self.saved_at, training.saved = monotonic(), str(path)
        if self.keep is not None:
            for old in self.files()[: -self.keep]:
                with suppress(OSError):  # it is only in the way
                    old.unlink()
        return path

    def _resume(
        self, training: Training, path: Path, config: dict[str, Any], arrays: dict[str, Array]
    ) -> None:
        """Put the training where the checkpoint was written.

        Raises ModelFileError for a place that no training can have been at.
        """
        try:
            self._take_over(training, path, config, arrays)
        except ChainruleError:
            raise
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            IndexError,
            OverflowError,
        ) as error:
            raise ModelFileError(f"{path} has a damaged header: {error!r}") from None

    def _take_over(
        self, training: Training, path: Path, config: dict[str, Any], arrays: dict[str, Array]
    ) -> None:
        from chainrule.model_file import filled, header

        place = config["checkpoint"]
        now, then = header(training.model), config
        for name in SAME:
            _must_match(path, name, then[name], now[name])
        for name in place["facts"] | training.facts:
            _must_match(path, name, place["facts"].get(name), training.facts.get(name))
        remembering = _remembering(training)
        types = [type(callback).__name__ for callback in remembering]
        _must_match(path, "callbacks", [c["type"] for c in place["callbacks"]], types)
        own = {n: a for n, a in arrays.items() if not n.startswith("callbacks.")}
        state = filled(training.state, own, path, optimizer=True)
        history = History.from_config(config["history"])
        check_place(path, config, history.epochs, training.samples)
        training.state = state._replace(step=int(config["steps"]), factor=place["factor"])
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
