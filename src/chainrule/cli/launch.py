"""`chainrule launch -n 4 train ...`: a training by several processes that survives failures."""

from __future__ import annotations

from typing import Annotated

import typer


def launch(
    arguments: Annotated[
        list[str], typer.Argument(metavar="train ...", help="The command, with its options.")
    ],
    n: Annotated[int, typer.Option("-n", metavar="N", min=1, help="Processes.")] = 2,
    max_restarts: Annotated[
        int, typer.Option(metavar="N", min=0, help="Go on from the last checkpoint N times.")
    ] = 3,
    stall_timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=1, help="Without a step for so long, it hangs."),
    ] = 60,
    mpirun: Annotated[
        str, typer.Option(metavar="COMMAND", help='How to start it, "mpirun -hosts a,b" say.')
    ] = "mpirun",
) -> None:
    """Train in several processes; go on from the last checkpoint when one fails or hangs."""
    from chainrule.cli.output import say
    from chainrule.errors import ConfigurationError
    from chainrule.scale.launch import supervise

    if arguments[0] != "train":
        raise ConfigurationError(f"launch starts train, not {arguments[0]}")
    code = supervise(arguments, n, max_restarts, stall_timeout, say, mpirun)
    if code:
        raise typer.Exit(code)
