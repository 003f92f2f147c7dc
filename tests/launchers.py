"""The mpirun that is here, whoever has made it, and the ranks that it has started."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from chainrule.scale.launch import ONE_THREAD, surroundings

MPIRUN = shutil.which(
    "mpirun", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
)
RANKS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK")  # MPICH's word for it, and Open MPI's


def needed() -> str:
    """Return the path of mpirun, or skip."""
    pytest.importorskip("mpi4py", reason="the mpi extra is not installed")
    if MPIRUN is None:
        pytest.skip("there is no mpirun")
    return MPIRUN


def environment() -> dict[str, str]:
    """Return what mpirun is started in: one thread a process, and root and few cores allowed."""
    return surroundings() | ONE_THREAD


def is_rank(words: list[str], number: int | None = None) -> bool:
    """Say whether these words of an environment are those of this rank, or of any."""
    if number is None:
        return any(word.startswith(f"{name}=") for name in RANKS for word in words)
    return any(f"{name}={number}" in words for name in RANKS)
