"""`chainrule explain`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.app import run

BOARDS = Path(__file__).parents[2] / "examples" / "boards"


def text_of(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert run(["explain", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.fixture
def model_file(tmp_path: Path) -> tuple[Path, Path]:
    """A model, and a CSV of four samples."""
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    network = cr.Sequential(cr.Dense(3), cr.Tanh(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1))
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / "xor.safetensors")
    rows = ["a,b,target", *(f"{a},{b},{t}" for (a, b), t in zip(x, y, strict=True))]
    (tmp_path / "xor.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "xor.safetensors", tmp_path / "xor.csv"


def test_alone_it_shows_the_built_in_network(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys)
    assert text.startswith(" Network 2-2-1, sigmoid, half squared error, η = 0.5")
    assert "sample 1 of 1" in text.split("\n")[0]
    assert "9 of 9 parameters ✓" in text


def test_a_board_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(capsys, BOARDS / "text_c.toml")
    assert "dw = X·dzᵀ = 1/m · X·(A − Y)ᵀ" in text
    assert "samples 1 to 3 of 3" in text
    one = text_of(capsys, BOARDS / "text_c.toml", "--sample", "1")
    assert "sample 2 of 3" in one
    assert "dω = x·dzᵀ = (a − y) * x" in one


def test_a_model_on_its_data(
    capsys: pytest.CaptureFixture[str], model_file: tuple[Path, Path]
) -> None:
    text = text_of(capsys, *model_file, "--sample", "3", "--notation", "columns")
    assert "sample 4 of 4 of" in text
    assert "Z₁ = W₁·X + b₁" in text
    both = text_of(capsys, *model_file, "--sample", "1", "--batch", "2", "--form", "index")
    assert "samples 2 to 3 of 4" in both


def test_formats_and_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert json.loads(text_of(capsys, "--format", "json"))
    assert "<math" in text_of(capsys, "--format", "html")
    target = tmp_path / "page.tex"
    assert text_of(capsys, "--output", target) == ""
    assert r"\begin{document}" in target.read_text()


def test_a_boards_settings_in_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('like = "columns"\n[letters]\nloss = "E"\n')
    assert "∂E/∂N" in text_of(capsys, "--board", tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample", "1"], "--sample must be from 0 to 0, got 1"),
        (["--batch", "0"], "--batch must be 1 or more"),
        (["--focus", "W9"], "there is no W9; there are X (1×2), W1 (2×2)"),
        (["--form", "matrices"], 'did you mean "matrix"'),
        (["--board", "pess"], 'did you mean "pes"'),
        (["--board", "pes", "--notation", "rows"], "a board or a notation, not both"),
        (["--notation", "row"], 'did you mean "rows"'),
        (["--format", "htm"], "unknown format"),
        (["nowhere.toml"], "nowhere.toml"),
        (["nowhere.safetensors", "xor.csv"], "nowhere.safetensors"),
        ([str(BOARDS / "text_c.toml"), "mnist"], "brings its own sample"),
        ([str(BOARDS / "text_c.toml"), "--sample", "2", "--batch", "2"], "past the last"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["explain", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
