"""`chainrule explain --blank` and the marks of a file of answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chainrule.cli.app import run
from chainrule.cli.worksheet import check_sheet


def test_a_sheet_its_key_and_its_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "--blank", "--seed", "ada"]) == 0
    blank = capsys.readouterr().out
    assert "worksheet ada" in blank
    assert "________" in blank
    assert run(["explain", "--key", "--seed", "ada"]) == 0
    assert "________" not in capsys.readouterr().out
    path = tmp_path / "ada.toml"
    assert run(["explain", "--key", "--seed", "ada", "--answers", str(path)]) == 0
    assert "18 lines" in capsys.readouterr().err
    assert check_sheet(path, "ada") == 0
    assert "18 of 18 lines right" in capsys.readouterr().out


def test_wrong_answers_exit_with_1_and_say_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ada.toml"
    assert run(["explain", "--blank", "--seed", "ada", "--answers", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('L = "?"', "L = 99"), encoding="utf-8")
    capsys.readouterr()
    assert check_sheet(path, as_json=True) == 1
    marks = json.loads(capsys.readouterr().out)
    assert [m["key"] for m in marks["lines"] if m["verdict"] == "wrong"] == ["L"]


def test_answers_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ada.toml"
    path.write_text("mine")
    assert run(["explain", "--blank", "--seed", "ada", "--answers", str(path)]) == 2
    assert path.read_text() == "mine"
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--blank"], "--seed NAME"), (["--blank", "--seed", "a", "--form", "chain"], "no --form"),
     (["--blank", "--seed", "a", "--board", "green"], "green")],
)  # fmt: skip
def test_what_does_not_go_together(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", *arguments]) == 2
    assert message in capsys.readouterr().err
