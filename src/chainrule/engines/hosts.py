"""Several hosts as one mesh: `jax.distributed`, started by Slurm, by MPI or by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import numpy as np

from chainrule.errors import ConfigurationError, EngineError
from chainrule.launcher import NONE, OPEN_MPI, SRUN, announced

LONGEST = 4096  # bytes of a message that the first process tells all
BY_HAND = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
OPEN_MPI_4 = "OMPI_MCA_orte_hnp_uri"  # where JAX reads the first host's address


def arguments(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what `jax.distributed.initialize` must be told under this launcher.

    It finds Slurm's srun by itself, and the mpirun of Open MPI 4, not that of 5; under any other
    mpirun it asks mpi4py; without a launcher there are three variables. Raises ConfigurationError
    where there is none of these.

    >>> arguments({"PMI_SIZE": "2"})
    {'cluster_detection_method': 'mpi4py'}
    """
    if all(name in environment for name in BY_HAND):
        address, count, number = (environment[name] for name in BY_HAND)
        return {
            "coordinator_address": address,
            "num_processes": int(count),
            "process_id": int(number),
        }
    launcher = announced(environment)[1]
    if launcher != NONE:  # each is named: within a job of Slurm JAX would take mpirun for srun
        own = {SRUN: "slurm", OPEN_MPI: "ompi" if OPEN_MPI_4 in environment else "mpi4py"}
        return {"cluster_detection_method": own.get(launcher, "mpi4py")}
    raise ConfigurationError(
        f'comm="jax" joins processes that srun or mpirun has started, or that are told '
        f"{', '.join(BY_HAND)}; here is neither"
    )


class Hosts:
    """The processes that `jax.distributed` has joined."""

    one_mesh = True

    def __init__(self) -> None:
        self.rank, self.size = jax.process_index(), jax.process_count()

    def most(self, *numbers: int) -> list[int]:
        """Return the largest of each number over all processes."""
        return [int(n) for n in self._gathered(np.array(numbers, np.int32)).max(axis=0)]

    def tell(self, text: str) -> str:
        """Return what the first process says."""
        message = np.zeros(LONGEST, np.uint8)
        words = np.frombuffer(text.encode()[:LONGEST], np.uint8)
        message[: len(words)] = words
        return bytes(self._gathered(message)[0]).rstrip(b"\0").decode()

    def abort(self, code: int) -> None:
        """End this process; the launcher ends the others."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def _gathered(self, array: Any) -> Any:
        from jax.experimental import multihost_utils

        return np.asarray(multihost_utils.process_allgather(array)).reshape(self.size, -1)


@cache
def connect() -> Hosts:
    """Join the processes of this program; every device of all of them is then one mesh's.

    Raises ConfigurationError without a launcher, EngineError when they cannot be joined, for
    instance because JAX has been used before.
    """
    given = arguments(os.environ)
    try:
        jax.distributed.initialize(**given)
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"jax.distributed could not join the processes: {error}") from None
    return Hosts()
