"""Whatever happens to a rank, a launch ends with the weights of an undisturbed training."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from safetensors.numpy import load_file

import chainrule as cr
import launchers
from chainrule.scale import launch
from chainrule.scale.heartbeat import FILE, SECONDS
from chainrule.scale.launch import MARK, checkpoint_folder, finished
from launchers import is_rank

TRAIN = ["digits", "--epochs", "30", "--layers", "64", "--engine", "numpy", "--quiet"]
FAILING = """
import pathlib
from chainrule import sharding
from chainrule.scale import mpi
calls, whole, flag = 0, sharding.tree_sum, pathlib.Path({flag!r})
def tree_sum(*terms):
    global calls
    calls += 1
    if calls == 200 and flag.exists() and mpi.connect().rank == 1:
        flag.unlink()
        raise RuntimeError("on purpose")
    return whole(*terms)
sharding.tree_sum = tree_sum
"""


def start(folder, *more, n=2, stall=20):
    launchers.needed()
    command = [sys.executable, "-m", "chainrule.cli", "launch", "-n", str(n)]
    command += ["--stall-timeout", str(stall), "train", *TRAIN, *more]
    command += ["--checkpoint", str(folder / "saved"), "--output", str(folder / "m.safetensors")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended(process, folder):
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    arrays = load_file(folder / "m.safetensors")
    return {name: array.tobytes() for name, array in arrays.items()}, said


def rank(process, number, folder):
    """Return the pid of a rank, once a checkpoint is there."""
    deadline = monotonic() + 30
    while monotonic() < deadline and process.poll() is None:
        if list((folder / "saved").glob("step-*")):
            for place in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    words = (place / "environ").read_bytes().decode().split("\0")
                    mine = str(folder).encode() in (place / "cmdline").read_bytes()
                    if mine and is_rank(words, number) and any(MARK in w for w in words):
                        return int(place.name)
        sleep(0.01)
    raise AssertionError("no rank was found")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    return ended(start(folder), folder)[0]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["kill", "stop", "torn", "exception"])
def test_a_launch_ends_with_the_undisturbed_weights(what, undisturbed, tmp_path):
    more = []
    if what == "exception":
        flag = tmp_path / "flag"
        flag.touch()
        (tmp_path / "failing.py").write_text(FAILING.format(flag=str(flag)))
        more = ["--import", str(tmp_path / "failing.py")]
    process = start(tmp_path, *more, stall=4 if what == "stop" else 20)
    if what != "exception":
        pid = rank(process, 1, tmp_path)
        if what == "torn":
            newest = sorted((tmp_path / "saved").glob("step-*"))[-1]
            os.truncate(newest, newest.stat().st_size // 2)
        os.kill(pid, signal.SIGSTOP if what == "stop" else signal.SIGKILL)
    weights, said = ended(process, tmp_path)
    assert weights == undisturbed
    assert "going on from the last checkpoint" in said
    assert {"stop": "a process hangs", "exception": "on purpose"}.get(what, "failed") in said


@pytest.mark.slow
def test_it_gives_up_after_the_last_restart(tmp_path):
    said: list[str] = []
    line = ["train", "digits", "--checkpoint", str(tmp_path / "c")]
    assert launch.supervise(line, 1, 1, 5, said.append, launcher="false") == 1
    assert said[-1].endswith("giving up")


def test_open_mpi_is_told_what_to_take_to_other_hosts(monkeypatch):
    seen = {}
    monkeypatch.setenv(launch.SENT, "MINE")
    monkeypatch.setattr(launch, "command", lambda *words: list(words))
    monkeypatch.setattr(launch, "run", lambda line, env, *more: seen.update(env) or (1, False))
    launch.supervise(["train", "digits", "--checkpoint", "c"], 2, 0, 5, lambda text: None)
    assert {"MINE", MARK, *launch.ONE_THREAD, FILE, SECONDS} <= set(seen[launch.SENT].split(";"))


def test_a_launch_needs_checkpoints():
    with pytest.raises(cr.ConfigurationError, match="--checkpoint"):
        checkpoint_folder(["train", "digits"])


def test_only_a_whole_last_checkpoint_says_that_a_training_is_done(tmp_path):
    assert not finished(tmp_path)
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    model.configuration = {"epochs": 2}
    saved = cr.Checkpoint(tmp_path, resume=True)
    model.fit([[1.0]], [2.0], epochs=1, callbacks=[saved], verbose=0)
    assert not finished(tmp_path)
    model.fit([[1.0]], [2.0], epochs=2, callbacks=[saved], verbose=0)
    assert finished(tmp_path)


def test_a_launcher_that_is_not_there_is_named():
    with pytest.raises(cr.ConfigurationError, match="no nowhere-run here"):
        launch.command("nowhere-run", 2, [])
