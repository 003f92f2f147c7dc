"""Any number of processes gives the same bytes; one that fails ends all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import launchers
from chainrule.sharding import bounds, tree_sum

PROGRAM = Path(__file__).parent / "train_digits.py"


def mpirun(n, *arguments):
    command = [launchers.needed(), "-n", str(n), sys.executable, str(PROGRAM)]
    return subprocess.run(
        [*command, *map(str, arguments)], env=launchers.environment(), check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def digest(n, optimizer="sgd", engine="numpy", epochs=2, folder=""):
    done = mpirun(n, optimizer, engine, epochs, folder, -1)
    assert done.returncode == 0, done.stderr
    digests = re.findall("[0-9a-f]{64}", done.stdout)
    assert len(digests) == n
    assert len(set(digests)) == 1  # all ranks hold the same
    return digests[0]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_1_2_and_4_processes_give_the_same_bytes(optimizer, engine):
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    assert len({digest(n, optimizer, engine) for n in (1, 2, 4)}) == 1


@pytest.mark.slow
def test_eight_processes_add_in_slices_and_give_the_same_bytes():
    assert digest(8, epochs=1) == digest(1, epochs=1)


@pytest.mark.slow
def test_a_training_of_4_is_resumed_by_2(tmp_path):
    digest(4, epochs=1, folder=tmp_path)
    assert digest(2, epochs=2, folder=tmp_path) == digest(1, epochs=2)


@pytest.mark.slow
def test_an_exception_in_one_rank_ends_all_with_its_traceback():
    done = mpirun(2, "sgd", "numpy", 2, "", 1)
    assert done.returncode != 0
    assert "this rank fails on purpose" in done.stderr
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("m", [1, 7, 8, 61])
def test_shards_cover_the_minibatch_in_order(m):
    cut = bounds(m, 8)
    assert [i for a, b in cut for i in range(a, b)] == list(range(m))
    assert max(b - a for a, b in cut) - min(b - a for a, b in cut) <= 1


def test_a_tree_of_subtrees_is_the_tree():
    vectors = list(np.float32(np.sin(np.arange(8 * 999))).reshape(8, 999))
    whole = tree_sum(vectors)
    for ranks in (2, 4, 8):
        each = 8 // ranks
        parts = [tree_sum(vectors[r * each : (r + 1) * each]) for r in range(ranks)]
        np.testing.assert_array_equal(tree_sum(parts), whole)


@pytest.mark.slow
def test_ctrl_c_in_one_rank_stops_all_after_the_same_step():
    done = mpirun(2, "sgd", "numpy", 200, "", -1, "interrupt")
    assert done.returncode == 0, done.stderr
    found = re.findall(r"\d ([0-9a-f]{64}) (\d+) interrupted", done.stdout)
    assert len(found) == 2
    assert found[0] == found[1]
    assert 0 < int(found[0][1]) < 200 * 15


@pytest.mark.slow
def test_all_ranks_resume_from_the_file_that_the_first_has_found(tmp_path):
    digest(2, epochs=1, folder=tmp_path)
    done = mpirun(2, "sgd", "numpy", 2, tmp_path, -1, "blind")
    assert done.returncode != 0
    assert "process 1 of 2 cannot go on from the checkpoint" in done.stderr
    assert "All must see the folder" in done.stderr
