"""`chainrule explain --blank` and `chainrule check ANSWERS.toml --sheet NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.explaining.explain import Explanation
    from chainrule.model import Model


def network_of(source: Path | None, imports: list[Path] | None) -> tuple[Model, Any]:
    """Return the network that a worksheet is about, and the board that it stands on."""
    from chainrule.cli.models import open_model
    from chainrule.cli.nearest import existing
    from chainrule.explaining.board_file import BUILT_IN, drawn, read_board

    if source is None:
        model, _, _, board = drawn(BUILT_IN)
        return model, board
    if source.suffix == ".toml":
        model, _, _, board = read_board(existing(source, "board file", "*.toml"))
        return model, board
    return open_model(source, imports), "rows"


def write_worksheet(
    model: Model,
    name: str | None,
    board: Any,
    notation: str | None,
    samples: int,
    key: bool,
    answers: Path | None,
) -> Explanation | None:
    """Return the sheet, blank or solved; None where its file of answers was written instead.

    Raises ConfigurationError without a name, or for a file of answers that is there already.
    """
    from chainrule.cli.output import say
    from chainrule.errors import ConfigurationError
    from chainrule.explaining.answers import template
    from chainrule.explaining.worksheet import worksheet

    if name is None:
        raise ConfigurationError("a worksheet needs --seed NAME, such as the student's name")
    sheet = worksheet(model, name, board=board, notation=notation, samples=samples)
    if answers is None:
        return sheet.solved if key else sheet.blank
    if answers.exists():
        raise ConfigurationError(f"{answers} is there already: it may hold somebody's answers")
    answers.write_text(template(sheet, sheet.answers if key else None), encoding="utf-8")
    say(f"{answers}: {len(sheet.lines)} lines to fill in")
    return None


def check_sheet(path: Path, name: str | None = None, as_json: bool = False) -> int:
    """Print the marks of a file of answers; return 0 if every line is right, else 1."""
    from dataclasses import asdict

    from chainrule.cli.nearest import existing
    from chainrule.cli.output import print_json
    from chainrule.explaining.answers import mark_file

    marking = mark_file(existing(path, "file of answers", "*.toml"), name)
    if as_json:
        print_json(
            {"name": marking.name, "right": marking.is_right,
             "lines": [asdict(mark) for mark in marking.marks]}
        )  # fmt: skip
    else:
        print(marking)
    return 0 if marking.is_right else 1
