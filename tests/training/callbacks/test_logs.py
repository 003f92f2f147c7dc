"""Curves written for other programs."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.training import Training
from small import classification, classifier

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


class Break(cr.Callback):
    def on_chunk(self, training: Training) -> None:
        if training.epoch == 2:
            raise TimeoutError


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_per_epoch(tmp_path: Path) -> None:
    path, model = tmp_path / "deep" / "log.csv", classifier()
    for _ in range(2):  # each fit begins it anew, with the model's own count of epochs
        model.fit(X, Y, 3, 8, validation_split=0.2, callbacks=[cr.CSVLog(path)], **QUIET)
    lines = rows(path)
    assert [int(line["epoch"]) for line in lines] == [4, 5, 6]
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
        assert [float(line[name]) for line in lines] == model.history[name][3:]
    assert all(float(line["seconds"]) >= 0 for line in lines)


def test_a_resumed_training_has_all_its_lines(tmp_path: Path) -> None:
    def fit(resume: bool, *more: cr.Callback) -> cr.Model:
        model = classifier()
        checkpoint = cr.Checkpoint(tmp_path / "a", resume=resume)
        callbacks = [cr.CSVLog(tmp_path / "log.csv"), checkpoint, *more]
        model.fit(X, Y, 4, 8, callbacks=callbacks, **QUIET)
        return model

    with pytest.raises(TimeoutError):
        fit(False, Break())
    model = fit(True)
    lines = rows(tmp_path / "log.csv")
    assert [int(line["epoch"]) for line in lines] == [1, 2, 3, 4]
    assert [float(line["loss"]) for line in lines] == model.history["loss"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_gets_every_curve(tmp_path: Path) -> None:
    tensorboardx = pytest.importorskip("tensorboardX", reason="the tensorboard extra is missing")
    from tensorboardX.event_file_writer import EventFileWriter  # noqa: F401
    from tensorboardX.proto.event_pb2 import Event

    assert tensorboardx
    model = classifier()
    log = cr.TensorBoardLog(tmp_path)
    model.fit(X, Y, 2, 8, validation_split=0.2, callbacks=[log], **QUIET)
    (path,) = tmp_path.glob("events.out.tfevents.*")
    content, found = path.read_bytes(), {}
    while content:  # records: length (8 bytes), its checksum (4), the event, its checksum (4)
        length = int.from_bytes(content[:8], "little")
        event = Event.FromString(content[12 : 12 + length])
        for value in event.summary.value:
            found[value.tag, event.step] = value.simple_value
        content = content[16 + length :]
    assert {tag for tag, _ in found} == {
        "loss/training", "loss/validation", "accuracy/training", "accuracy/validation"
    }  # fmt: skip
    for epoch in (1, 2):
        expected = pytest.approx(model.history["validation_loss"][epoch - 1], rel=1e-6)
        assert found["loss/validation", epoch] == expected


def test_without_tensorboardx_the_command_is_named(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(cr.MissingExtraError, match=r'pip install "chainrule\[tensorboard\]"'):
        cr.TensorBoardLog(tmp_path)
