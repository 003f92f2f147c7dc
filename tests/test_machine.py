"""Processors and memory within a container's limits, and threads that are set and honoured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import chainrule as cr
from chainrule import machine
from chainrule.cli import main
from chainrule.engines.threads import blas_libraries, product_threads
from chainrule.training.callbacks import budget
from small import classification, classifier


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "own").write_text("0::/pod/job\n")
    return tmp_path


def put(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"memory.max": "1000\n"}, 1000),
        ({"memory.max": "max\n"}, None),
        ({"pod/job/memory.max": "3000", "pod/memory.max": "2000"}, 2000),  # the one above holds too
        ({"pod/job/memory.max": "max", "memory.max": "5000"}, 5000),
        ({"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ({"memory/memory.limit_in_bytes": "2000"}, 2000),
    ],
    ids=str,
)
def test_a_containers_memory_counts(files: Any, expected: int | None, root: Path) -> None:
    for name, text in files.items():
        put(root, name, text)
    assert machine.memory_limit(root, root / "own") == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "max 100000"}, 8),
        ({"pod/job/cpu.max": "400000 100000", "pod/cpu.max": "100000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.max": "1000 100000"}, 1),
        ({}, 8),
    ],
    ids=str,
)
def test_a_containers_processors_count(
    files: Any, expected: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "bound", lambda: 8)
    for name, text in files.items():
        put(root, name, text)
    monkeypatch.delenv(machine.VARIABLE, raising=False)
    assert machine.threads(root, root / "own") == expected


def test_a_group_of_version_1_is_found_by_its_controller(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("5:cpu,cpuacct:/a\n7:memory:/a/b\n")
    put(tmp_path, "memory/a/memory.limit_in_bytes", "7000")
    assert machine.memory_limit(tmp_path, tmp_path / "own") == 7000


@pytest.fixture
def _all_loaded() -> None:  # other tests may have loaded a library since the last look
    blas_libraries.cache_clear()


def blas() -> list[int]:
    found = (library for library in threadpool_info() if library["user_api"] == "blas")
    return [library["num_threads"] for library in found]


@pytest.mark.usefixtures("_all_loaded")
def test_threads_that_are_set_are_honoured_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.engines import threads

    before = blas()
    monkeypatch.setenv(machine.VARIABLE, "1")
    monkeypatch.setattr(threads, "_most", lambda: 2)
    with product_threads(1e12):
        assert set(blas()) == {1}
    assert blas() == before
    monkeypatch.setenv(machine.VARIABLE, "none")
    with pytest.raises(cr.ConfigurationError, match="CHAINRULE_THREADS must be a number"):
        machine.threads()


@pytest.mark.usefixtures("_all_loaded")
def test_threads_of_python_share_one_limit() -> None:
    before = blas()

    def work(i: int) -> None:
        with product_threads(0):
            assert set(blas()) == {1}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))
    assert blas() == before


def test_what_the_machine_or_its_container_holds_is_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = classification()
    monkeypatch.setattr(budget, "memory", lambda: 3 << 20)
    for limit, whose in ((None, "this machine's memory"), (3 << 20, "the container's limit")):
        monkeypatch.setattr(budget, "memory_limit", lambda found=limit: found)
        with pytest.raises(cr.ConfigurationError, match=f"{whose} is 3.1 MB"):
            classifier().fit(x, y, 1, callbacks=[cr.Budget()], verbose=0, engine="numpy")


def test_a_network_that_cannot_fit_is_refused_before_it_is_made(
    tmp_path: Path, capsys: Any
) -> None:
    code = main(
        ["train", "xor", "--layers", "200000,200000", "--output", str(tmp_path / "m.safetensors")]
    )
    said = capsys.readouterr().err
    assert code == 2
    assert "MB of the process so far + 2,560,076.8 MB of 40,001,200,00" in said
    assert "take a smaller batch size or network" in said


def test_stored_data_are_not_counted_as_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((50, 4), np.float32))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    y = np.arange(50) % 3
    classifier().fit(x, y, 1, callbacks=[cr.Budget(memory=10**10)], verbose=0, engine="numpy")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1024K\n", 1 << 20), ("2M", 2 << 20), ("", 2 << 20), ("unknown", 2 << 20), (None, 2 << 20)],
)
def test_the_second_cache_is_read_and_else_taken_for_two_mebibytes(
    text: str | None, expected: int, tmp_path: Path
) -> None:
    file = tmp_path / "size"
    if text is not None:
        file.write_text(text)
    assert machine.second_cache(file) == expected
