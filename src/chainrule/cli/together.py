"""Several processes that train one model: who started them, and how they are joined."""

from __future__ import annotations

import os
from typing import Any

from chainrule.errors import unknown_name
from chainrule.launcher import NONE, SRUN, announced

NAMES = ("mpi", "jax")


def joined(comm: str | None) -> Any:
    """Return the processes of mpirun or srun, joined as asked for; None for a single one.

    `comm` is "mpi" (the default under a launcher) or "jax", which takes no launcher's word: see
    `engines/hosts.py`. Raises ConfigurationError for another name.
    """
    if comm not in (None, *NAMES):
        raise unknown_name("--comm", comm, NAMES)
    if comm == "jax":
        from chainrule.training.fitting import joined_by_jax

        return joined_by_jax()()
    from chainrule.scale.launch import MARK
    from chainrule.scale.mpi import connect

    size, launcher = announced()
    # One process of mpirun, or of a launch that has lost its other hosts, trains in shards as well:
    # the weights are those of several. A lone task of srun may have no MPI, and is a plain process.
    one = os.environ.get(MARK) or (launcher not in (NONE, SRUN))
    return connect() if comm or size > 1 or one else None
