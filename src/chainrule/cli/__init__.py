"""The command `chainrule`: one file a verb. Results go to stdout, all else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's) and return its exit code.

    0: done. 1: training failed. 2: wrong use or bad input, with one line on stderr. 130:
    interrupted; what was learnt until then is saved.
    """
    from chainrule.cli.app import run

    code = run(sys.argv[1:] if arguments is None else list(arguments))
    mpi = sys.modules.get("mpi4py.MPI")
    if code and mpi is not None and mpi.Is_initialized() and mpi.COMM_WORLD.size > 1:
        mpi.COMM_WORLD.Abort(code)  # the other processes would wait for this one
    return code
