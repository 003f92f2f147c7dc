"""What reads a file apart may fail in any way: the error names the file, and the next is read."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainrule.data import apart as module
from chainrule.data.apart import apart, end
from chainrule.errors import ChainruleError, ConfigurationError, DataError

FUNCTIONS = r"""
import os
from chainrule.errors import ConfigurationError

def lines(path, more=""):
    print("what a library says")
    for line in open(path, "rb"):
        yield line + more.encode()

def refused(path): raise ConfigurationError(f"{path}: not so")
def broken(path): raise BaseException("a panic\nand more")
def killed(path):
    yield b"some"
    os.abort()
def hungry(path): yield bytes(1 << 50)
def endless(path):
    yield b"ready"
    while True: pass
    yield b""
def process(path): yield str(os.getpid()).encode()
"""


@pytest.fixture(autouse=True)
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "functions_apart.py").write_text(FUNCTIONS)
    (tmp_path / "a.txt").write_bytes(b"1\n2\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    end()
    yield
    end()


def test_one_process_reads_one_file_after_the_other_and_survives_refusals() -> None:
    assert list(apart("functions_apart:lines", Path("a.txt"), "!")) == [b"1\n!", b"2\n!"]
    (child,) = module.IDLE
    with pytest.raises(ConfigurationError, match=r"^a\.txt: not so$"):
        list(apart("functions_apart:refused", Path("a.txt")))
    with pytest.raises(DataError, match=r"^a\.txt: cannot be read \(BaseException: a panic\)$"):
        list(apart("functions_apart:broken", Path("a.txt")))
    with pytest.raises(DataError, match=r"a\.txt: cannot be read \(MemoryError"):
        list(apart("functions_apart:hungry", Path("a.txt")))
    assert [child] == module.IDLE


def test_a_process_that_dies_is_an_error_and_another_takes_its_place() -> None:
    parts = apart("functions_apart:killed", Path("a.txt"))
    assert next(parts) == b"some"
    with pytest.raises(DataError, match=r"^a\.txt: .*\(SIGABRT\): the file is damaged, or asks"):
        next(parts)
    assert b"1\n" in apart("functions_apart:lines", Path("a.txt"))


def test_one_that_does_not_come_to_an_end_is_ended() -> None:
    parts = apart("functions_apart:endless", Path("a.txt"), seconds=0.1)
    assert next(parts) == b"ready"
    with pytest.raises(DataError, match=r"^a\.txt: reading it does not come to an end"):
        next(parts)


def test_one_that_waits_and_is_killed_is_an_error_too() -> None:
    (number,) = apart("functions_apart:process", Path("a.txt"))
    os.kill(int(number), signal.SIGKILL)
    with pytest.raises(ChainruleError, match=r"a\.txt"):
        list(apart("functions_apart:lines", Path("a.txt")))


def test_two_files_are_read_at_a_time_and_one_is_left_unread() -> None:
    first, second = (apart("functions_apart:lines", Path("a.txt")) for _ in range(2))
    assert next(first) == next(second) == b"1\n"
    first.close()
    assert list(second) == [b"2\n"]
    assert len(module.IDLE) == 1
