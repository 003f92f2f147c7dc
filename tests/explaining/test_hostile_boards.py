"""Files for boards and answers that are nested too deep are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.cli.settings import read
from chainrule.explaining.answers import read_sheet
from chainrule.explaining.board_file import read_board


@pytest.mark.parametrize("reader", [read, read_sheet, read_board])
def test_a_file_that_is_nested_too_deep(reader: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("layers = " + "[" * 5000)
    with pytest.raises(cr.ChainruleError, match=r"deep\.toml.*TOML"):
        reader(path)
