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

    return run(sys.argv[1:] if arguments is None else list(arguments))
