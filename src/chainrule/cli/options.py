"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Import = Annotated[
    list[Path] | None,
    typer.Option("--import", metavar="FILE.py", help="Run a file that defines layers of your own."),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file (.safetensors).")]
DataName = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A data set's name (see `chainrule data list`), a file or a folder.",
        show_default=False,
    ),
]
Target = Annotated[
    str | None,
    typer.Option("--target", metavar="COLUMN", help="The column that holds the target."),
]
PartOf = Annotated[
    str | None,
    typer.Option("--part", metavar="test|train|all", help="Which part of a data set."),
]
