"""Launcher and MPI library that do not fit are said; a sum over ranks is the tree."""

from __future__ import annotations

import os
import sys
from threading import Barrier, Thread
from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule import launcher
from chainrule.scale import mpi, shared
from chainrule.sharding import tree_sum

NOT_THERE = (*launcher.ANNOUNCED, launcher.SRUNS_PMI, "PMIX_RANK")


@pytest.fixture
def library(monkeypatch):
    """An mpi4py whose library sees one process, and the environment of no launcher."""
    for name in NOT_THERE:
        monkeypatch.delenv(name, raising=False)
    started = []
    made = SimpleNamespace(
        COMM_WORLD=SimpleNamespace(rank=0, size=1),
        Get_library_version=lambda: "MPICH 4.3\nmore\0",
        Is_initialized=lambda: bool(started),
        Init_thread=lambda: started.append(True),
    )
    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=made, rc=SimpleNamespace()))
    return started


def refused(monkeypatch, match, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(cr.ConfigurationError, match=match):
        mpi.connect.__wrapped__()


def test_a_launcher_of_another_library_is_refused_naming_both(library, monkeypatch):
    match = r"Open MPI's mpirun says .* 4 .* MPICH 4\.3, which"
    refused(monkeypatch, match, OMPI_COMM_WORLD_SIZE="4")
    assert library  # it had to be started to know


def test_mpich_is_not_started_where_it_would_end_the_process(library, monkeypatch):
    match = r"Open MPI's mpirun says .* 4 .* MPICH 4\.3, which"
    refused(monkeypatch, match, OMPI_COMM_WORLD_SIZE="4", PMIX_RANK="0")
    assert not library


def test_srun_is_told_how_to_join_them(library, monkeypatch):
    refused(monkeypatch, "srun says .* --mpi=pmi2, Open MPI", SLURM_STEP_NUM_TASKS="4")


def test_without_mpi4py_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(cr.MissingExtraError, match=r"chainrule\[mpi-local\]"):
        mpi.connect.__wrapped__()


class World:
    """MPI.COMM_WORLD as seen by threads that play the ranks."""

    def __init__(self, size, machines=1):
        self.size, self.machines, self.sent, self.barrier = size, machines, {}, Barrier(size)
        self.windows = {}

    def of(self, rank):
        return SimpleNamespace(
            rank=rank,
            size=self.size,
            Barrier=self.barrier.wait,
            Split_type=lambda kind: SimpleNamespace(size=self.size // self.machines),
            Allreduce=lambda given, most, kind: self.all(rank, given, most, False, np.max),
            Sendrecv=lambda vector, to, recvbuf, source: self.swap(rank, vector, to, recvbuf),
            Alltoall=lambda given, received: self.all(rank, given, received, True),
            Allgather=lambda given, received: self.all(rank, given, received, False),
        )

    def swap(self, rank, vector, partner, received):
        self.sent[rank, partner] = vector.copy()
        self.barrier.wait()
        received[...] = self.sent[partner, rank]
        self.barrier.wait()

    def window(self, size, unit, comm):
        """Return memory of this rank's and a way to see that of the others."""
        self.windows[comm.rank] = bytearray(size)
        self.barrier.wait()
        return SimpleNamespace(
            Shared_query=lambda rank: (self.windows[rank], unit),
            Sync=lambda: None,
            Lock_all=lambda: None,
        )

    def all(self, rank, given, received, cut, reduced=None):
        self.sent[rank] = given.reshape(self.size, -1).copy() if cut else given.copy()
        self.barrier.wait()
        parts = [self.sent[r][rank] if cut else self.sent[r] for r in range(self.size)]
        if reduced is None:
            received.reshape(self.size, -1)[...] = parts
        else:
            received[...] = reduced(parts, axis=0)
        self.barrier.wait()


@pytest.mark.parametrize("machines", [1, 2])
@pytest.mark.parametrize("ranks", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("length", [10, 20_001])  # short and long
def test_a_sum_over_ranks_is_the_tree_however_it_travels(ranks, length, machines):
    vectors = list(np.float32(np.sin(np.arange(ranks * length))).reshape(ranks, length))
    world, found = World(ranks, machines), {}
    library = {"MAX": "max", "COMM_TYPE_SHARED": "shared"}

    def play(rank):
        window = SimpleNamespace(Allocate_shared=world.window)
        comm = mpi.MPIComm(SimpleNamespace(COMM_WORLD=world.of(rank), Win=window, **library))
        found[rank] = [comm.sum(vectors[rank]).copy() for _ in range(2)]

    threads = [Thread(target=play, args=(rank,)) for rank in range(ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    for rank in range(ranks):
        for total in found[rank]:
            assert total.tobytes() == tree_sum(vectors).tobytes()
    assert bool(world.windows) == (machines == 1 and length > 10)


def test_memory_that_all_see_is_taken_only_where_it_fits(tmp_path):
    free = os.statvfs(tmp_path)
    numbers = free.f_bavail * free.f_frsize // 4
    assert shared.there_is_room(1000, 2, np.dtype("float32"), tmp_path)
    assert not shared.there_is_room(numbers, 2, np.dtype("float32"), tmp_path)
    assert not shared.there_is_room(1000, 2, np.dtype("float32"), tmp_path / "none")
