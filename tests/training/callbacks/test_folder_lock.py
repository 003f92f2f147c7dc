"""One training has a folder; its process's end, of whatever kind, gives it back."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.training.callbacks import folder_lock
from chainrule.training.callbacks.folder_lock import FolderLock
from small import classification, classifier

pytest.importorskip("fcntl")
X, Y = classification()

HOLDER = """
import sys, time
from pathlib import Path
from chainrule.training.callbacks.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.take()
import os
if os.fork() == 0:  # a helper that outlives it
    time.sleep(5)
    os._exit(0)
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_training_is_refused_by_the_first_ones_process_and_a_killed_one_holds_nothing(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        process = f"process {other.pid}" if folder_lock.LOCKS.exists() else "a process"
        with pytest.raises(cr.ConfigurationError, match=rf"another training writes.*\({process}"):
            classifier().fit(X, Y, callbacks=[cr.Checkpoint(tmp_path)], verbose=0)
        assert list(tmp_path.iterdir()) == []
        other.send_signal(signal.SIGKILL)
        other.wait()
        classifier().fit(X, Y, callbacks=[cr.Checkpoint(tmp_path)], verbose=0, engine="numpy")


def test_it_is_given_back_after_a_training_and_after_one_that_could_not_begin(
    tmp_path: Path,
) -> None:
    options = {"verbose": 0, "engine": "numpy"}
    checkpoint = cr.Checkpoint(tmp_path)
    classifier().fit(X, Y, callbacks=[checkpoint], **options)
    with pytest.raises(cr.ConfigurationError, match="already holds"):
        classifier().fit(X, Y, callbacks=[checkpoint], **options)
    classifier().fit(X, Y, 2, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **options)


def test_two_in_one_process_and_a_copy_that_holds_nothing(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()
    with pytest.raises(cr.ConfigurationError, match=rf"{tmp_path}: another training"):
        second.take()
    copied = copy.deepcopy(first)
    del copied
    with pytest.raises(cr.ConfigurationError):
        second.take()
    del first
    second.take()
    second.release()


def test_a_folder_that_cannot_be_locked_is_given_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(handle: int, operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for _ in range(2):
        lock = FolderLock(tmp_path)
        lock.take()
        assert lock.handle == -1
    (tmp_path / "file").write_text("no folder")
    FolderLock(tmp_path / "file" / "below").take()
    assert os.listdir(tmp_path) == ["file"]
