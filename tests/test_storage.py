"""Nothing that was written is lost, whatever goes wrong while it is written again."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import storage
from chainrule.errors import WriteError
from chainrule.training import Training
from chainrule.tree import replace
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


@pytest.fixture(autouse=True)
def _signals_are_not_ignored() -> Iterator[None]:
    """Take SIGINT and SIGHUP, which a shell and nohup let background processes ignore."""
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Full:
    """The disk is full after so many bytes: the kernel itself refuses the write."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *problem: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def trained(folder: Path) -> tuple[cr.Model, cr.Checkpoint, Training]:
    """Return a training that has one good checkpoint in `folder`, and has gone on since."""
    kept: list[Training] = []

    class Look(cr.Callback):
        def on_start(self, training: Training) -> None:
            kept.append(training)

    model, checkpoint = classifier(), cr.Checkpoint(folder)
    model.fit(X, Y, 1, 7, callbacks=[checkpoint, Look()], **QUIET)
    kept[0].step += 1
    return model, checkpoint, kept[0]


def test_a_disk_that_is_full_at_any_byte_costs_nothing(tmp_path: Path) -> None:
    model, checkpoint, training = trained(tmp_path)
    (good,) = checkpoint.files()
    before, size = good.read_bytes(), good.stat().st_size
    tried = range(0, size, max(1, size // 400))
    for limit in tried:
        with Full(limit), pytest.raises(WriteError, match=f"last good checkpoint: {good}"):
            checkpoint.save(training)
    assert len(tried) >= 400
    assert [p.name for p in tmp_path.iterdir()] == [good.name]  # and no litter
    assert good.read_bytes() == before
    assert same_bits(cr.load(good), model)


def test_a_full_disk_keeps_the_model_file_that_is_there(tmp_path: Path) -> None:
    model = classifier()
    model.fit(X, Y, 1, **QUIET)
    model.save(tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    with Full(100), pytest.raises(WriteError, match=r"model cannot be written .* as it was"):
        model.save(tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == before


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(WriteError, match="cannot be written"):
        storage.write_atomically(tmp_path / "taken" / "model", b"content")
    assert (tmp_path / "taken").read_text() == "mine"


def test_the_folder_is_synced_after_the_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda *a: (done.append("rename"), rename(*a))[1])
    storage.write_atomically(tmp_path / "file", b"content")
    assert done == ["sync", "rename", "sync"]


class Send(cr.Callback):
    """Sends a signal to this process after a number of updates."""

    def __init__(self, number: int, step: int) -> None:
        self.number, self.step = number, step
        self.pause_every = step

    def on_chunk(self, training: Training) -> None:
        if training.step == self.step:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "terminated"),
        (signal.SIGHUP, "hung up"),
    ],
)
def test_a_signal_is_answered_after_the_step_and_the_training_goes_on_later(
    number: int, word: str, tmp_path: Path
) -> None:
    model, resumed, whole = classifier(), classifier(), classifier()
    checkpoint = cr.Checkpoint(tmp_path, epochs=None)
    options: dict[str, Any] = {"callbacks": [Send(number, 7), checkpoint], **QUIET}
    if number != signal.SIGINT:
        with pytest.raises(SystemExit) as ended:
            model.fit(X, Y, 4, 7, **options)
        assert ended.value.code == 128 + number
    else:
        model.fit(X, Y, 4, 7, **options)
    assert str(model.history.stopped).startswith(f"{word} in epoch 2; the weights are kept")
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)
    (file,) = checkpoint.files()
    assert same_bits(cr.load(file), model)
    resumed.fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)
    whole.fit(X, Y, 4, 7, **QUIET)
    assert same_bits(resumed, whole)
    assert resumed.history.curves == whole.history.curves
    assert resumed.history.stopped is None


def test_a_second_ctrl_c_ends_at_once_and_leaves_good_files(tmp_path: Path) -> None:
    class Twice(cr.Callback):
        pause_every = 6

        def on_chunk(self, training: Training) -> None:
            if training.step == 6:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

    model = classifier()
    model.fit(X, Y, 4, 7, callbacks=[Twice(), cr.Checkpoint(tmp_path, steps=5)], **QUIET)
    assert "interrupted" in str(model.history.stopped)
    assert [cr.load(p).state.step for p in cr.Checkpoint(tmp_path).files()] == [5]


def test_the_best_epoch_stays_and_helps_when_nothing_else_is_whole(tmp_path: Path) -> None:
    model = classifier()
    checkpoint = cr.Checkpoint(tmp_path, keep=1, best="validation_loss")
    history = model.fit(X, Y, 8, 7, callbacks=[checkpoint], validation_split=0.3, **QUIET)
    best = cr.load(tmp_path / "best.safetensors")
    curve = history["validation_loss"]
    assert best.history["validation_loss"][-1] == min(curve)
    (newest,) = checkpoint.files()
    newest.write_bytes(newest.read_bytes()[:-1])
    resumed, again = classifier(), cr.Checkpoint(tmp_path, resume=True)
    resumed.fit(X, Y, 8, 7, callbacks=[again], validation_split=0.3, **QUIET)
    assert list(again.skipped) == [newest]
    assert same_bits(resumed, model)


def test_what_is_skipped_is_said_and_why(tmp_path: Path, capsys: Any) -> None:
    classifier().fit(X, Y, 2, 7, callbacks=[cr.Checkpoint(tmp_path)], **QUIET)
    older, newest = cr.Checkpoint(tmp_path).files()
    newest.write_bytes(b"short")
    callbacks = [cr.Checkpoint(tmp_path, resume=True)]
    classifier().fit(X, Y, 2, 7, callbacks=callbacks, verbose=2, engine="numpy")
    said = capsys.readouterr().err
    assert f"skipped: {newest} is no safetensors file, or is damaged" in said
    assert f"goes on from {older}, after 5 steps" in said


def test_a_state_that_is_not_finite_is_never_saved(tmp_path: Path) -> None:
    model, checkpoint, training = trained(tmp_path)
    (good,) = checkpoint.files()
    params = replace(model.state.params, {"0.b": np.full(6, np.inf, np.float32)})
    model.restore(model.state._replace(params=params))
    assert checkpoint.save(training) is None
    assert checkpoint.files() == [good]
