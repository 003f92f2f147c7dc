from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from documents import Command, blocks, commands, run_command, run_python

PAGE = """# A page
```python
# own.py
answer = 42
```
text
```python
doubled = 2 * answer
```
```console
$ chainrule --version
chainrule ...
$ chainrule data lst
chainrule: unknown command "data lst": did you mean "data list"? ...
```
```text
not = run
```
"""


@pytest.fixture
def page(folder: Path) -> Path:
    path = folder / "page.md"
    path.write_text(PAGE, "utf-8")
    return path


def test_blocks_are_found_with_their_lines(page: Path) -> None:
    assert [(b.line, b.text.splitlines()[-1]) for b in blocks(page, "python")] == [
        (3, "answer = 42"),
        (8, "doubled = 2 * answer"),
    ]


def test_a_block_that_names_a_file_is_imported_from_it(page: Path) -> None:
    names: dict[str, object] = {}
    run_python(page, names)
    assert names["doubled"] == 84
    assert (page.parent / "own.py").exists()


def test_a_traceback_names_the_page_and_its_line(page: Path) -> None:
    page.write_text(PAGE.replace("2 * answer", "2 / (answer - 42)"), "utf-8")
    with pytest.raises(ZeroDivisionError) as caught:
        run_python(page, {})
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == (str(page), 8)


def test_commands_are_compared_with_what_they_print(page: Path) -> None:
    said = commands(page)
    assert [command.line for command in said] == ["chainrule --version", "chainrule data lst"]
    for command in said:
        run_command(command)
    with pytest.raises(AssertionError, match="expected"):
        run_command(Command("chainrule --version", "chainrule 99\n"))
