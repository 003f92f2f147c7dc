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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sizes = [1, 100_000, 100_000]\nx = [1]\ny = [1]", "mean 10,000,100,000 weights"),
        ("sizes = [1, 1]\nx = [1]\ny = [1]\nfixed = 3", "a value of the wrong kind"),
        ("sizes = [1, 1]\nx = [1]\ny = [1]\nnotation = 'x'", "unknown board"),
    ],
)
def test_a_board_of_wrong_values_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(cr.ConfigurationError, match=rf"(?s)bad\.toml.*{said}"):
        read_board(path)
