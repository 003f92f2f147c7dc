from __future__ import annotations

import sys

import pytest

SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize(
    ("what", "ending"),
    [("loss", "svg"), ("accuracy", "png"), ("confusion", "pdf"), ("weights", "png"),
     ("examples", "png")],
)  # fmt: skip
def test_each_picture_is_written(run, digits, tmp_path, what, ending):
    path = tmp_path / f"picture.{ending}"
    result = run("plot", what, digits, "--output", path, "--json")
    assert result.json["output"] == str(path)
    assert path.read_bytes().startswith(SIGNATURES[ending])


def test_by_default_next_to_the_model(run, digits):
    out = run("plot", "loss", digits).out
    assert out.strip() == str(digits.with_name("digits-loss.png"))


def test_curves_in_the_terminal(run, digits):
    out = run("plot", "loss", digits, "--terminal").out
    assert "validation loss" in out
    assert any(0x2800 < ord(c) < 0x2900 for c in out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["los", "M"], 'unknown plot "los": did you mean "loss"?'),
        (["loss", "M", "--output", "x.gif"], 'unknown picture format "gif"'),
        (["weights", "M", "--terminal"], "--terminal draws loss and accuracy"),
    ],
)
def test_wrong_use(run, digits, arguments, message):
    result = run("plot", *[digits if a == "M" else a for a in arguments])
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_tables_have_no_pictures(run):
    run("train", "xor", "-q", "--epochs", "1")
    for what in ("weights", "examples"):
        result = run("plot", what, "xor.safetensors")
        assert result.code == 2
        assert "image" in result.err


def test_without_matplotlib_the_extra_is_named(run, digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("plot", "loss", digits)
    assert result.code == 2
    assert 'pip install "chainrule[plot]"' in result.err
