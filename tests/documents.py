"""Code blocks of Markdown pages: found, and run as a reader would."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from chainrule.cli.importing import import_file

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


def blocks(page: Path, language: str) -> list[Block]:
    """Return the page's blocks in this language."""
    text = page.read_text("utf-8")
    found = [
        Block(match[1], match[2], text.count("\n", 0, match.start(2)) + 1)
        for match in FENCE.finditer(text)
    ]
    return [block for block in found if block.language == language]


def run_python(page: Path, names: dict[str, Any]) -> None:
    """Run the page's Python blocks, one after the other, in the present folder.

    A block that begins with `# mine.py` is written to that file and imported from it. A traceback
    names the page and its line.
    """
    for block in blocks(page, "python"):
        file = re.match(r"# (\w+\.py)\n", block.text)
        if file:
            Path(file[1]).write_text(block.text, "utf-8")
            names.update(vars(import_file(Path(file[1]))))
            continue
        padded = "\n" * (block.line - 1) + block.text
        exec(compile(padded, str(page), "exec", dont_inherit=True), names)


class Command(NamedTuple):
    """A line after `$` of a console block, and what should be printed."""

    line: str
    expected: str


def commands(page: Path) -> list[Command]:
    """Return the commands of the page's console blocks."""
    found: list[Command] = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            found.append(Command(line, expected))
    return found


def run_command(command: Command) -> None:
    """Run one command of `chainrule` and compare all that it prints; `...` stands for anything."""
    program, *arguments = shlex.split(command.line)
    assert program == "chainrule"
    done = subprocess.run(
        [sys.executable, "-m", "chainrule.cli", *arguments],
        capture_output=True, text=True, encoding="utf-8", env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    printed = done.stdout + done.stderr
    matches = doctest.OutputChecker().check_output(command.expected, printed, FLAGS)
    assert matches, f"$ {command.line}\nexpected\n{command.expected}\ngot\n{printed}"
