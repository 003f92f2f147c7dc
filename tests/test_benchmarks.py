"""The benchmark on tiny work: every installed library trains, and the report writes figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import report, rounds, tables  # noqa: E402
from benchmarks.breadth import memory  # noqa: E402
from benchmarks.breadth import report as breadth_report  # noqa: E402
from benchmarks.breadth.networks import NETWORKS, SHAPES, Broad  # noqa: E402
from benchmarks.peers import PEERS  # noqa: E402
from benchmarks.results import best_peer, figure, rows, slow_share  # noqa: E402
from benchmarks.workloads import WORKLOADS, Workload, make_data  # noqa: E402

TINY = {
    "entropy": Workload("entropy", (12, 8, 3), 16, "adam", 1e-2, samples=164, epochs=2),
    "squared": Workload(
        "squared", (12, 8, 3), 16, "sgd", 1.0, "sigmoid", "squared", samples=164, epochs=2
    ),
}
SLOW = ("torch-compile", "keras", "flax", "jax-scan")  # some seconds each to start
FAST = [n for n in PEERS if n not in SLOW and not PEERS[n].missing()]


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CHAINRULE_XLA_CACHE", str(tmp_path))
    monkeypatch.setattr(rounds, "REST", 0.0)
    monkeypatch.setattr(rounds, "SGEMM", (64,))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TINY)
def test_libraries_do_the_same_work(kind: str) -> None:
    """The same weights and data lead to much the same loss, so it is the same work."""
    names = FAST if kind == "entropy" else [n for n in FAST if n in ("numpy", "torch")]
    part = rounds.train(TINY[kind], names, 1, lambda line: None)
    assert part["failed"] == {}
    assert {row.name for row in rows(part)} == set(names)
    assert all(row.seconds.median > 0 for row in rows(part))
    ours = part["losses"]["numpy"]
    others = {n: loss for n, loss in part["losses"].items() if n != "sklearn"}
    assert others == pytest.approx(dict.fromkeys(others, ours), rel=0.1)
    assert "chainrule" in tables.markdown(tables.training(kind, part))


def test_a_failure_is_reported_and_leaves_the_others() -> None:
    broken = replace(TINY["entropy"], hidden="unheard-of")
    part = rounds.train(broken, ["numpy"], 1, lambda line: None)
    assert "KeyError" in part["failed"]["numpy"]
    assert rows(part) == []


def test_a_missing_library_is_no_error() -> None:
    absent = replace(PEERS["torch"], install=("a-library-that-nobody-has",))
    assert absent.missing() == "a-library-that-nobody-has is not installed"


def test_flops_leave_out_the_first_layers_dx() -> None:
    """784-128-10: 2·m·(100352 + 1280) forward, the same for dW, and 2·m·1280 for dX."""
    products = 784 * 128 + 128 * 10
    assert WORKLOADS["B"].flops == 2 * 128 * (2 * products + 128 * 10)


def test_data_are_the_same_every_time() -> None:
    first, second = make_data(TINY["entropy"]), make_data(TINY["entropy"])
    assert (first.x == second.x).all()
    assert (first.weights[1][0] == second.weights[1][0]).all()
    assert abs(first.x).max() <= 1


def part_of(seconds: dict[str, list[float]]) -> dict[str, object]:
    """Return a measured part with these seconds per step in each round."""
    count = len(next(iter(seconds.values())))
    return {
        **{"title": "t", "flops": 1e6, "notes": {}, "failed": {}, "chunks": [1.0, 1.0, 2.0]},
        "losses": dict.fromkeys(seconds, 0.5),
        "rounds": [{"sgemm": 1e9, **{n: s[i] for n, s in seconds.items()}} for i in range(count)],
    }


def test_ratios_are_paired_round_by_round() -> None:
    """A round in which all are twice as slow does not change a ratio."""
    part = part_of({"xla": [1e-3, 2e-3], "torch": [3e-3, 6e-3], "jax-scan": [1e-3, 1e-3]})
    by_name = {row.name: row for row in rows(part)}
    assert by_name["torch"].ratio == figure([3.0, 3.0])
    assert by_name["xla"].limit == pytest.approx(1e6 / 1.5e-3 / 1e9)
    best = best_peer(part)
    assert best is not None
    assert best.name == "torch"  # a scan by hand is no library


def test_slow_chunks_are_counted() -> None:
    assert slow_share([1.0, 1.0, 1.4, 1.6]) == (1.2, 0.0)
    assert slow_share([1.0, 1.0, 1.0, 1.6]) == (1.0, 0.25)


MEASURED = {
    **{"command": "python -m benchmarks", "quick": False, "rounds": 2},
    "machine": {"date": "2025-01-01", "cpu": "c", "cores": 2, "python": "3", "versions": {}},
    "training": {"B": part_of({"xla": [1e-3, 2e-3], "torch": [3e-3, 6e-3]})},
}


def test_report_replaces_what_is_between_the_markers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "docs").mkdir()
    file = tmp_path / "results.json"
    file.write_text(json.dumps(MEASURED))
    for page in ("README.md", "docs/speed.md"):
        (tmp_path / page).write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.main([str(file), "--root", str(tmp_path)])
    for page in ("README.md", "docs/speed.md"):
        text = (tmp_path / page).read_text()
        assert text.startswith("before")
        assert text.endswith("after\n")
        assert "old" not in text
        assert "3.00 (3.00 to 3.00)" in text
    assert (tmp_path / "docs" / "images" / "steps.png").stat().st_size > 1000


def test_a_second_machines_summary_has_a_place_of_its_own(tmp_path: Path) -> None:
    file, page = tmp_path / "results.json", tmp_path / "docs" / "speed.md"
    file.write_text(json.dumps(MEASURED))
    page.parent.mkdir()
    begin, end = report.ELSEWHERE
    page.write_text(f"{report.BEGIN}\nkept\n{report.END}\n{begin}\nold\n{end}\nafter\n")
    report.main([str(file), "--elsewhere", "--root", str(tmp_path)])
    text = page.read_text()
    assert "kept" in text
    assert "old" not in text
    assert "3.00 (3.00 to 3.00)" in text.partition(begin)[2]


def test_unknown_names_are_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "--workloads", "Z"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "unknown workload 'Z': one of A, B" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_libraries_train_the_same_broad_networks(network: str) -> None:
    # All samples in one batch: then the order, which each library draws itself, does not matter.
    work = Broad(network, batch_size=64, samples=64, epochs=3)
    names = [n for n in ("numpy", "torch", "keras", "flax") if not PEERS[n].missing()]
    part = rounds.train(work, names, 1, lambda line: None)
    assert part["failed"] == {}
    ours = part["losses"]["numpy"]
    assert part["losses"] == pytest.approx(dict.fromkeys(names, ours), rel=2e-3)


def test_broad_networks_are_the_same_every_time() -> None:
    for network in NETWORKS:
        first, second = (Broad(network, samples=32).data() for _ in range(2))
        assert (first.x == second.x).all()
        assert list(first.weights) == list(SHAPES[network])
        assert all((second.weights[n][0] == W).all() for n, (W, _) in first.weights.items())


def test_flops_of_the_cnn() -> None:
    """26² places of 9·32, 11² of 288·64, then 1600·128 and 128·10; no dX for the first."""
    first, rest = 26 * 26 * 9 * 32, 11 * 11 * 288 * 64 + 1600 * 128 + 128 * 10
    assert NETWORKS["cnn"].flops == 2 * 64 * (2 * first + 3 * rest)


def test_memory_is_reported_by_its_line(tmp_path: Path) -> None:
    part = {"sizes": [1, 2, 3], "bytes": {"xla": [3e6, 4e6, 5e6]}, "failed": {}}
    assert memory.table(part).cells == [
        ["chainrule (xla)", "3", "4", "5", "1,000 kB", "0.0%"],
    ]
    results = {
        **{"command": "python -m benchmarks.breadth", "quick": False, "rounds": 2},
        "machine": {"date": "2025-01-01", "cpu": "c", "cores": 2, "python": "3", "versions": {}},
        "memory": part,
    }
    (tmp_path / "docs").mkdir()
    (tmp_path / "results.json").write_text(json.dumps(results))
    page = tmp_path / "docs" / "speed.md"
    page.write_text(f"before {breadth_report.BEGIN} old {breadth_report.END} after")
    breadth_report.main([str(tmp_path / "results.json"), "--root", str(tmp_path)])
    assert "1,000 kB" in page.read_text()
    assert "old" not in page.read_text()
