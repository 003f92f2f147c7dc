"""A command runner in this process, and one small model that every test may read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from chainrule.cli import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        lines = self.out.splitlines()
        assert len(lines) == 1, f"stdout should be one JSON object, got {self.out!r}"
        result = json.loads(lines[0])
        assert isinstance(result, dict)
        return result


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def plain_numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read CSV files as samples of plain numbers, as without polars; tests/tables has the rest."""
    monkeypatch.setattr("chainrule.cli.tables.installed", lambda: False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> Run:
    """Run one command in an empty folder and return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return command


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory):
    """A model of the bundled digits, with a validation curve."""
    path = tmp_path_factory.mktemp("models") / "digits.safetensors"
    options = "train digits --layers 16 --epochs 20 --validation 0.1 -q --engine numpy --output"
    assert main([*options.split(), str(path)]) == 0
    return path


@pytest.fixture
def table(tmp_path):
    """A table of two columns with text classes that a line separates."""
    rows = [f"{i / 20:.2f},{j / 4:.2f},{'far' if i + 5 * j > 20 else 'near'}"
            for i in range(20) for j in range(5)]  # fmt: skip
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["a,b,kind", *rows]) + "\n")
    return path


@pytest.fixture
def numbers(tmp_path):
    """A table whose target is 2 a - b."""
    rows = [f"{i / 10},{j / 10},{2 * i / 10 - j / 10:.3f}" for i in range(10) for j in range(8)]
    path = tmp_path / "numbers.csv"
    path.write_text("\n".join(["a,b,target", *rows]) + "\n")
    return path
