"""The page on weights of other frameworks: its commands print what it says."""

from __future__ import annotations

from documents import ROOT, commands, run_command

PAGE = ROOT / "docs" / "weights.md"


def test_the_commands_print_what_the_page_says() -> None:
    said = commands(PAGE)
    assert len(said) == 4
    for command in said:
        run_command(command)
