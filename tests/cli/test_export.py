from __future__ import annotations

import pytest


@pytest.mark.parametrize(("target", "name"), [("python", "digits.py"), ("c", "digits.h")])
def test_a_model_is_compared_on_what_it_was_tested_on(run, digits, tmp_path, target, name):
    report = run("export", digits, "--to", target, "--json").json
    assert (report["path"], report["rows"], report["differing"]) == (name, 360, 0)
    assert report["worst"] < 1e-5
    assert report["bytes"] == (tmp_path / name).stat().st_size


def test_the_ending_says_the_target(run, digits):
    out = run("export", digits, "-o", "net.py", "--data", "digits", "--part", "all").out
    assert "1,797 rows compared" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "export needs --to python|c"),
        ("--to jva", 'unknown target "jva"'),
        ("--to python --data moons", "samples of shape (8, 8)"),
    ],
)
def test_wrong_use(run, digits, arguments, message):
    result = run("export", digits, *arguments.split())
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_onnx_is_written_and_compared_on_the_test_samples(run, digits) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    ran = run("export", digits, "-o", "digits.onnx")
    assert ran.code == 0, ran.err
    assert "360 rows beside onnxruntime" in ran.out
    assert "the same answer for all" in ran.out
    result = run("export", digits, "--to", "onnx", "--opset", 17, "--json").json
    assert result["opset"] == 17
    assert result["parity"]["worst"] < 1e-5
    ran = run("export", digits, "--to", "onnx", "--opset", 99)
    assert ran.code == 2
    assert "opset must be from 13 to 23, got 99" in ran.err


def test_an_onnx_file_comes_back_as_a_model(run, digits):
    pytest.importorskip("onnxruntime")
    assert run("export", digits, "-o", "net.onnx").code == 0
    ran = run("import", "net.onnx", "-o", "back.safetensors")
    assert ran.code == 0, ran.err
    assert "net.onnx -> back.safetensors; 64 made-up rows beside onnxruntime: worst" in ran.out
    first, again = (run("evaluate", m, "digits").out for m in (digits, "back.safetensors"))
    assert again.split(":")[1] != ""
    assert first.split("accuracy")[0].split()[-1] == again.split("accuracy")[0].split()[-1]
    ran = run("import", "none.onnx")
    assert ran.code == 2
    assert 'no ONNX file at "none.onnx": did you mean "net.onnx"?' in ran.err
