"""Several devices, in one process or in two, give the numbers of one, to rounding."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
import launchers

pytest.importorskip("jax", reason="the xla extra is not installed")

from chainrule.engines import hosts
from chainrule.sharding import Alone
from train_on_a_mesh import train

PROGRAM = Path(__file__).parents[1] / "train_on_a_mesh.py"
TWO = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


def start(path, comm="", stored="", **environment):
    command = [sys.executable, str(PROGRAM), str(path), comm, stored]
    return subprocess.Popen(
        command, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(process):
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def one_device():
    return train()[2]


def agree(path, expected):
    found = np.load(path)
    assert sorted(found.files) == sorted(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("stored", ["", "stored"])
def test_two_devices_give_the_numbers_of_one(stored, one_device, tmp_path):
    said = ended(start(tmp_path / "a.npz", "", stored, **TWO))
    assert "on 2 devices" in said
    agree(tmp_path / "a.npz", one_device)


@pytest.mark.slow
def test_two_processes_of_two_devices_are_one_mesh(one_device, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    both = []
    for number in range(2):
        told = (f"localhost:{port}", "2", str(number))
        environment = dict(zip(hosts.BY_HAND, told, strict=True))
        both.append(start(tmp_path / f"{number}.npz", "jax", **environment, **TWO))
    for number, process in enumerate(both):
        assert "on 4 devices" in ended(process)
        agree(tmp_path / f"{number}.npz", one_device)


@pytest.mark.slow
def test_mpirun_starts_a_mesh(one_device, tmp_path):
    command = [launchers.needed(), "-n", "2", sys.executable, str(PROGRAM)]
    done = subprocess.run(
        [*command, str(tmp_path / "a.npz"), "jax", ""], env=launchers.environment(), check=False,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "on 2 devices" in done.stdout
    agree(tmp_path / "a.npz", one_device)


def found(way):
    return {"cluster_detection_method": way}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SLURM_STEP_NUM_TASKS": "4"}, found("slurm")),
        ({"PMI_SIZE": "4", "PMI_JOBID": "7.0", "SLURM_JOB_ID": "7"}, found("slurm")),
        ({"OMPI_COMM_WORLD_SIZE": "4", hosts.OPEN_MPI_4: "1.0;tcp://10.0.0.1:3"}, found("ompi")),
        ({"OMPI_COMM_WORLD_SIZE": "4"}, found("mpi4py")),
        ({"PMI_SIZE": "4"}, found("mpi4py")),
        ({"PMI_SIZE": "4", "SLURM_STEP_NUM_TASKS": "1", "SLURM_JOB_ID": "7"}, found("mpi4py")),
        (
            dict(zip(hosts.BY_HAND, ("a:1", "3", "2"), strict=True)),
            {"coordinator_address": "a:1", "num_processes": 3, "process_id": 2},
        ),
    ],
    ids=["srun", "srun pmi2", "open mpi 4", "open mpi 5", "mpich", "mpich in slurm", "by hand"],
)
def test_each_launcher_is_joined_in_its_documented_way(environment, expected):
    assert hosts.arguments(environment) == expected


def test_without_a_launcher_it_says_what_is_missing():
    with pytest.raises(cr.ConfigurationError, match=r"srun or mpirun .* JAX_COORDINATOR_ADDRESS"):
        hosts.arguments({})


class Joined(Alone):
    one_mesh = True


@pytest.mark.parametrize(("engine", "shards"), [("numpy", 1), ("xla", 8)])
def test_a_mesh_refuses_what_it_cannot_do(engine, shards):
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    model.shards = shards
    with pytest.raises(cr.ConfigurationError, match=r'comm="jax".*cannot have'):
        model.fit(np.ones((4, 2)), np.ones(4), comm=Joined(), engine=engine, verbose=0)


def test_another_word_for_the_processes_is_refused():
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    with pytest.raises(cr.ConfigurationError, match='"mpi", "jax" or None'):
        model.fit(np.ones((4, 2)), np.ones(4), comm="nccl", verbose=0)
