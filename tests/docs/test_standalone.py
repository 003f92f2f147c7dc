"""The page on stand-alone export: its commands print what it says."""

from __future__ import annotations

import shutil

import pytest

from documents import ROOT, commands, run_command

PAGE = ROOT / "docs" / "standalone.md"


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_commands_print_what_the_page_says() -> None:
    said = commands(PAGE)
    assert [c.line.split()[1] for c in said] == ["train", "export", "export"]
    for command in said:
        run_command(command)
