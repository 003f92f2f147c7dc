"""Killed and resumed is the same as never interrupted, byte by byte."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.model_file import read, write
from chainrule.training import Training
from chainrule.training.callbacks.checkpoint_file import checksum
from chainrule.tree import flatten
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}
SCRIPT = Path(__file__).parent.parent / "resumed.py"
needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="the xla extra is not installed"
)


def run(folder: Path, engine: str, kill_at: int, *during: str) -> int:
    command = [sys.executable, str(SCRIPT), str(folder), engine, str(kill_at), *during]
    return subprocess.run(command, cwd=SCRIPT.parent.parent, timeout=120).returncode


@pytest.mark.parametrize(
    ("engine", "kills", "torn"),
    [
        # before any checkpoint, within epochs and at their edge
        pytest.param("numpy", [2, 9, 10, 23], 31, marks=pytest.mark.slow),
        ("numpy", [36], 16),
        pytest.param("xla", [13], 30, marks=[needs_jax, pytest.mark.slow]),
    ],
)
def test_killed_again_and_again_it_ends_in_the_same_bytes(
    engine: str, kills: list[int], torn: int, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run(whole, engine, 0) == 0
    for step in sorted([*kills, torn]):
        assert run(broken, engine, step, *(["during"] if step == torn else [])) == -signal.SIGKILL
    litter = [path for path in broken.iterdir() if path.name.startswith(".")]
    assert len(litter) == (torn > max(kills))  # of the file that was being written
    assert run(broken, engine, 0) == 0
    assert (broken / "final").read_bytes() == (whole / "final").read_bytes()
    names = sorted(path.name for path in broken.iterdir())
    assert names == [
        "best.safetensors",
        "final",
        "step-0000000032.safetensors",
        "step-0000000036.safetensors",
    ]


class StopAt(cr.Callback):
    """Raises after a number of updates, as a power cut would."""

    def __init__(self, step: int) -> None:
        self.step = self.pause_every = step

    def on_chunk(self, training: Training) -> None:
        if training.step == self.step:
            raise TimeoutError


def interrupted(folder: Path, step: int, **options: Any) -> cr.Model:
    model = classifier()
    with pytest.raises(TimeoutError):
        model.fit(
            X, Y, 4, 7, callbacks=[StopAt(step), cr.Checkpoint(folder, steps=3, **options)], **QUIET
        )  # fmt: skip
    return model


@pytest.mark.parametrize(
    "optimizer",
    [
        cr.SGD(0.1),
        cr.SGD(cr.OneCycle(0.1, 20), momentum=0.9),
        cr.RMSProp(),
        cr.AdamW(0.05),
        cr.NAdam(),
        cr.RAdam(),
        cr.AdaDelta(),
        cr.Averaged(cr.Accumulated(cr.Adam(0.05), 3), decay=0.9),
        cr.MaxNorm(cr.Decayed(cr.SGD(0.1), l2=1e-2), 1.0),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("step", [4, 10])
def test_every_optimizer_goes_on_where_it_was(
    optimizer: cr.Optimizer, dtype: Any, step: int, tmp_path: Path
) -> None:
    def fit(callbacks: Any) -> cr.Model:
        model = classifier(optimizer=optimizer, dtype=dtype)
        model.fit(X, Y, 4, 7, callbacks=callbacks, validation_split=0.3, **QUIET)
        return model

    with pytest.raises(TimeoutError):
        fit([StopAt(step), cr.Checkpoint(tmp_path, steps=3)])
    resumed, whole = fit([cr.Checkpoint(tmp_path, resume=True)]), fit([])
    assert same_bits(resumed, whole)
    assert resumed.history.curves == whole.history.curves
    slots, others = flatten(resumed.state.optimizer), flatten(whole.state.optimizer)
    assert slots.keys() == others.keys()
    assert all(np.array_equal(slots[name], others[name]) for name in slots)
    assert resumed.state.step == whole.state.step


def test_a_finished_training_is_not_trained_again_but_can_be_longer(tmp_path: Path) -> None:
    def fit(epochs: int) -> cr.Model:
        model = classifier()
        model.fit(X, Y, epochs, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)
        return model

    first, again = fit(2), fit(2)
    assert same_bits(first, again)
    assert again.history.epochs == 2
    longer, plain = fit(5), classifier()
    plain.fit(X, Y, 5, 7, **QUIET)
    assert same_bits(longer, plain)
    assert longer.history.curves == plain.history.curves


def test_a_second_fit_can_be_resumed_too(tmp_path: Path) -> None:
    def fit(model: cr.Model, callbacks: Any) -> cr.Model:
        model.fit(X, Y, 2, 7, callbacks=callbacks, **QUIET)
        return model

    with pytest.raises(TimeoutError):
        fit(fit(classifier(), []), [StopAt(14), cr.Checkpoint(tmp_path, steps=3)])
    resumed = fit(fit(classifier(), []), [cr.Checkpoint(tmp_path, resume=True)])
    assert same_bits(resumed, fit(fit(classifier(), []), []))
    assert resumed.history.epochs == 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "header", "empty", "foreign"])
def test_a_damaged_newest_file_is_passed_over(damage: str, tmp_path: Path) -> None:
    interrupted(tmp_path, 8)
    older, newest = cr.Checkpoint(tmp_path).files()
    content = bytearray(newest.read_bytes())
    content[-5] ^= 1
    contents = {"cut": content[:-9], "flipped": content, "empty": b"", "foreign": b"hello"}
    if damage == "header":
        config, arrays = read(newest)
        config["steps"] += 1
        write(newest, config, arrays)
    else:
        newest.write_bytes(contents[damage])
    assert older.name == "step-0000000005.safetensors"
    resumed, whole = classifier(), classifier()
    resumed.fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)
    whole.fit(X, Y, 4, 7, **QUIET)
    assert same_bits(resumed, whole)


@pytest.mark.parametrize(
    "change",
    [{"epoch": -(10**9)}, {"epoch": 1.5}, {"position": 31}, {"loss_sum": "x"}, {"first": 9},
     {"hits": []}, {"factor": {}}],
    ids=str,
)  # fmt: skip
def test_a_place_that_no_training_was_at_is_refused(change: Any, tmp_path: Path) -> None:
    interrupted(tmp_path, 8)
    file = cr.Checkpoint(tmp_path).files()[-1]
    config, arrays = read(file)
    config["checkpoint"] |= change
    config["checkpoint"]["checksum"] = checksum(config, arrays)
    write(file, config, arrays)
    with pytest.raises(cr.ModelFileError, match=rf"{file} has a damaged header"):
        classifier().fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)


def test_with_no_file_left_that_can_be_read_nothing_begins(tmp_path: Path) -> None:
    interrupted(tmp_path, 4)
    (only,) = cr.Checkpoint(tmp_path).files()
    only.write_bytes(only.read_bytes()[:50])
    with pytest.raises(
        cr.ModelFileError, match=r"no checkpoint can be read; the newest: .*damaged"
    ):
        classifier().fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)


def test_what_is_in_a_folder_is_not_taken_over_unasked(tmp_path: Path) -> None:
    interrupted(tmp_path, 4)
    with pytest.raises(cr.ConfigurationError, match=r"already holds step-.*resume=True"):
        classifier().fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path)], **QUIET)


@pytest.mark.parametrize(
    ("model", "fit", "message"),
    [
        ({"seed": 1}, {}, "its seed was 0, and is 1 now"),
        ({"optimizer": cr.SGD(0.1)}, {}, r"optimizer was Adam\(0.05\), and is SGD\(0.1\)"),
        ({"trainable": ["*.W"]}, {}, r"trainable was None, and is \['\*.W'\]"),
        ({"dtype": "float64"}, {}, "dtype was 'float32', and is 'float64'"),
        ({}, {"batch_size": 8}, "batch_size was 7, and is 8"),
        ({}, {"shuffle": False}, "shuffle was True, and is False"),
        ({}, {"x": X + 1}, "its data was"),
        ({}, {"y": 2 - Y}, "its data was"),
        ({}, {"validation_split": 0.1}, "samples was 30, and is 27"),
        ({}, {"more": [cr.EarlyStopping()]}, r"callbacks was \[\], and is \['EarlyStopping'\]"),
    ],
    ids=range(10),
)
def test_another_training_is_refused(model: Any, fit: Any, message: str, tmp_path: Path) -> None:
    interrupted(tmp_path, 4)
    callbacks = [cr.Checkpoint(tmp_path, resume=True), *fit.pop("more", [])]
    options = {"x": X, "y": Y, "epochs": 4, "batch_size": 7, **QUIET, **fit}
    with pytest.raises(cr.ConfigurationError, match=message):
        classifier(**model).fit(callbacks=callbacks, **options)


@pytest.mark.parametrize(("keep", "expected"), [(1, [8]), (2, [6, 8]), (None, [2, 4, 6, 8])])
def test_the_newest_are_kept(keep: int | None, expected: list[int], tmp_path: Path) -> None:
    checkpoint = cr.Checkpoint(tmp_path, epochs=2, keep=keep)
    classifier().fit(X, Y, 8, None, callbacks=[checkpoint], **QUIET)
    assert [int(path.stem.partition("-")[2]) for path in checkpoint.files()] == expected


def test_a_training_is_saved_by_the_clock_and_at_its_end(tmp_path: Path) -> None:
    checkpoint = cr.Checkpoint(tmp_path / "clock", epochs=None, seconds=0, keep=None)
    classifier().fit(X, Y, 3, None, callbacks=[checkpoint], **QUIET)
    assert len(checkpoint.files()) == 3
    checkpoint = cr.Checkpoint(tmp_path / "end", epochs=None, seconds=1000, keep=None)
    classifier().fit(X, Y, 3, None, callbacks=[checkpoint], **QUIET)
    assert [path.stem for path in checkpoint.files()] == ["step-0000000003"]


def test_a_checkpoint_is_a_model_file_too(tmp_path: Path) -> None:
    model = interrupted(tmp_path, 9)
    loaded = cr.load(cr.Checkpoint(tmp_path).files()[-1])
    assert loaded.state.step == 6
    assert loaded.predict(X).shape == (30,)
    assert not same_bits(loaded, model)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"steps": 0}, {"keep": 0}], ids=str)
def test_counts_are_at_least_one(options: Any, tmp_path: Path) -> None:
    with pytest.raises(cr.ConfigurationError, match="must be at least 1, got 0"):
        cr.Checkpoint(tmp_path, **options)
