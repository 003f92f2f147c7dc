"""What has started this process, by the environment that it was given: mpirun, srun or nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping

OPEN_MPI, MPICH, SRUN, NONE = "Open MPI's mpirun", "an MPICH-like mpirun", "srun", "no launcher"
# What launchers tell their processes: how many there are. In a job of Slurm mpirun starts its
# helpers by srun, so srun's own word comes last.
ANNOUNCED = {"OMPI_COMM_WORLD_SIZE": OPEN_MPI, "PMI_SIZE": MPICH, "SLURM_STEP_NUM_TASKS": SRUN}
SRUNS_PMI = "PMI_JOBID"  # with --mpi=pmi2 srun speaks as MPICH's mpirun does, but for this


def announced(environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """Return how many processes the launcher says it has started, and which launcher it is."""
    for variable, launcher in ANNOUNCED.items():
        size = environment.get(variable, "")
        if size.isdigit():
            by_srun = (
                launcher == MPICH and SRUNS_PMI in environment and "SLURM_JOB_ID" in environment
            )
            return int(size), SRUN if by_srun else launcher
    return 1, NONE
