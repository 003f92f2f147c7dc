"""The file in which a student answers a worksheet: TOML, a template to fill in.

[sheet]          which sheet it is: the name, the board, the network
[answers]        one entry a line; "?" where nothing is answered yet
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.description import from_config
from chainrule.errors import ConfigurationError, DataError
from chainrule.explaining.board import BOARDS, Board, board_from_data
from chainrule.explaining.boxes import Boxes
from chainrule.explaining.marking import OPEN, Marking, mark
from chainrule.explaining.numbers import written
from chainrule.explaining.page import Line
from chainrule.explaining.worksheet import Worksheet, worksheet
from chainrule.formulas import Letter
from chainrule.layers import Layer
from chainrule.losses import Loss
from chainrule.model import Model
from chainrule.optimizers import SGD

NEEDED = ("name", "board", "samples", "recipe")


def template(sheet: Worksheet, answers: Mapping[str, Any] | None = None) -> str:
    """Return the file to fill in; with `answers` those that are there stand in it already."""
    lines = [
        f'# Worksheet {sheet.name}: put a number in the place of each "?", rows in [ ].',
        f"# Then: chainrule check FILE.toml --sheet {sheet.name}",
        "[answers]",
    ]
    letters = sheet.solved.page.letters
    for number, (key, line) in enumerate(zip(sheet.keys, sheet.lines, strict=True), 1):
        left = written(Boxes(), Letter(line.left), letters)
        right = written(Boxes(), line.formulas[0], letters, line=line)
        lines.append(f"# ({number}) {left} = {right}")
        value = (answers or {}).get(key)
        lines.append(f"{key} = {open_places(line) if value is None else json.dumps(value)}")
    lines += [
        "",
        "# Which sheet this is; leave it as it stands.",
        "[sheet]",
        f"name = {quoted(sheet.name)}",
        f"board = {quoted(board_text(sheet.board))}",
        f"samples = {sheet.samples}",
        f"recipe = {quoted(json.dumps(sheet.recipe()))}",
    ]
    return "\n".join(lines) + "\n"


def open_places(line: Line) -> str:
    """Return a "?" for each number of a line, in its shape."""
    shape = np.shape(line.result)
    if int(np.prod(shape)) == 1:
        return quoted(OPEN)
    rows, wide = np.atleast_2d(line.result).shape
    row = f"[{', '.join([quoted(OPEN)] * wide)}]"
    return f"[{', '.join([row] * rows)}]" if len(shape) == 2 else row


def quoted(text: str) -> str:
    r"""Return text as a TOML string.

    >>> quoted('say "a"')
    '"say \\"a\\""'
    """
    return json.dumps(text, ensure_ascii=False)


def board_text(board: Board) -> str:
    """Return a preset's name, or the board as JSON."""
    if BOARDS.get(board.name) == board:
        return board.name
    data = asdict(board)
    data["letters"]["scalars"] = sorted(data["letters"]["scalars"])
    return json.dumps(data)


def board_from_text(text: str) -> Board:
    """Return the board that `board_text` wrote."""
    if text in BOARDS or not text.startswith("{"):
        from chainrule.explaining.board import board_named

        return board_named(text)
    data = json.loads(text)
    return board_from_data({k: v for k, v in data.items() if v is not None})


def read_sheet(path: Path, name: str | None = None) -> tuple[Worksheet, dict[str, Any]]:
    """Return the sheet that a file answers, and the answers.

    Raises DataError for a file that is no such TOML, ConfigurationError where the file answers
    the sheet of another `name`.
    """
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: no TOML: {error}") from None
    about, answers = data.get("sheet"), data.get("answers")
    if not isinstance(about, dict) or not isinstance(answers, dict):
        raise DataError(
            f"{path}: expected the tables [sheet] and [answers], as "
            "`chainrule explain --blank --seed NAME --answers FILE.toml` writes them"
        )
    missing = [key for key in NEEDED if key not in about]
    if missing:
        raise DataError(f"{path}: [sheet] lacks {', '.join(missing)}")
    if name is not None and name != about["name"]:
        raise ConfigurationError(
            f'{path} answers the worksheet of "{about["name"]}", not of "{name}"'
        )
    return sheet_again(about, str(path)), answers


def sheet_again(about: Mapping[str, Any], where: str) -> Worksheet:
    """Draw a sheet again from what its file says of it."""
    try:
        recipe = json.loads(about["recipe"])
        network, loss = recipe["network"], recipe["loss"]
        shape, rate = tuple(map(int, recipe["input_shape"])), float(recipe["learning_rate"])
        board, count = board_from_text(str(about["board"])), int(about["samples"])
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(f"{where}: [sheet] cannot be read: {error}") from None
    model = Model(from_config(network, Layer), from_config(loss, Loss), SGD(rate), 0, shape,
                  dtype="float64")  # fmt: skip
    return worksheet(model, str(about["name"]), board=board, samples=count)


def mark_file(path: Path, name: str | None = None) -> Marking:
    """Return the marks of a file of answers."""
    return mark(*read_sheet(path, name))
