"""When `train` joins other processes, and how."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule import launcher
from chainrule.cli import together
from chainrule.scale import mpi
from chainrule.scale.launch import MARK


@pytest.mark.parametrize(
    ("environment", "joins"),
    [
        ({}, False),
        ({"PMI_SIZE": "2"}, True),
        ({"PMI_SIZE": "1"}, True),  # mpirun -n 1: in shards, for the bytes of several
        ({"SLURM_STEP_NUM_TASKS": "2"}, True),
        ({"SLURM_STEP_NUM_TASKS": "1"}, False),
        ({"SLURM_STEP_NUM_TASKS": "1", MARK: "a"}, True),
        ({"PMI_SIZE": "1", "PMI_JOBID": "7.0", "SLURM_JOB_ID": "7"}, False),  # srun --mpi=pmi2
    ],
    ids=str,
)
def test_a_launcher_decides(environment, joins, monkeypatch):
    for name in (*launcher.ANNOUNCED, launcher.SRUNS_PMI, MARK):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(mpi, "connect", lambda: "ranks")
    assert together.joined(None) == ("ranks" if joins else None)
    assert together.joined("mpi") == "ranks"


def test_another_way_to_join_is_refused():
    with pytest.raises(cr.ConfigurationError, match="mpi"):
        together.joined("mpl")


def test_a_training_in_shards_is_not_resumed_without(tmp_path):
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    model.shards = 8
    x, y = [[1.0], [2.0]], [2.0, 4.0]
    model.fit(x, y, callbacks=[cr.Checkpoint(tmp_path)], verbose=0)
    other = cr.Model(cr.Dense(1), cr.SquaredError())
    with pytest.raises(cr.ConfigurationError, match="its shards was 8, and is None now"):
        other.fit(x, y, 2, callbacks=[cr.Checkpoint(tmp_path, resume=True)], verbose=0)
