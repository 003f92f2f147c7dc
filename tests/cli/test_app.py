from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import chainrule as cr

COMMAND = [sys.executable, "-m", "chainrule.cli"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("trian xor", 'unknown command "trian": did you mean "train"?'),
        ("data lst", 'unknown command "data lst": did you mean "data list"?'),
        ("train", "train needs DATA"),
        ("train digts", 'unknown data set "digts": did you mean "digits"?'),
        ("train none.csv", 'no data file at "none.csv"'),
        ("train xor --epoch 3", "--epoch"),
        ("train xor --epochs three", "--epochs"),
        ("train xor --epochs -1", "epochs must be 0 or more"),
        ("train xor --layers 4,x", "layers must be sizes"),
        ("train xor --layers 0", "layers must be sizes"),
        ("train xor --activation rellu", 'unknown activation "rellu": did you mean "relu"?'),
        ("train xor --output-activation sftmax", 'did you mean "softmax"?'),
        ("train xor --loss sqared-error", 'did you mean "squared-error"?'),
        ("train xor --optimizer adm", 'did you mean "adam"?'),
        ("train xor --engine numpi", 'did you mean "numpy"?'),
        ("train xor --learning-rate -1", "learning_rate must be a positive number"),
        ("train xor --batch-size some", 'batch size must be a whole number or "all"'),
        ("train xor --validation 1.5", "a share must lie between 0 and 1"),
        ("train digits --test 0.5", "has a test set of its own"),
        ("train xor --loss cross-entropy --output-activation tanh", "must be softmax"),
        ("train xor --output-activation softmax --loss softmax-cross-entropy", "raw outputs"),
        ("train digits --loss sigmoid-cross-entropy", "for two classes"),
        ("train xor --config none.toml", "no configuration file at none.toml"),
        ("train xor --output .", "is a folder"),
        ("train xor --import none.py", 'no Python file at "none.py"'),
        ("evaluate none.safetensors xor", 'no model file at "none.safetensors"'),
        ("predict none.safetensors xor", 'no model file at "none.safetensors"'),
        ("inspect none.safetensors", 'no model file at "none.safetensors"'),
        ("plot loss none.safetensors", 'no model file at "none.safetensors"'),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(run, arguments, message):
    result = run(*arguments.split())
    assert result.code == 2
    assert result.out == ""
    said = result.err.splitlines()
    assert said[-1].startswith("chainrule: ")
    assert message in said[-1]
    assert len(said) == 1, "nothing may be started before the settings are checked"


def test_a_damaged_model_file(run, digits, tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(digits.read_bytes()[:500])
    result = run("evaluate", "cut.safetensors", "digits")
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)


def test_data_of_another_size(run, digits):
    result = run("evaluate", digits, "moons")
    assert (result.code, result.out) == (2, "")
    assert "samples of shape (8, 8), these are (2,)" in result.err


def test_a_training_that_breaks_is_exit_code_1(run):
    result = run("train", "digits", "--optimizer", "sgd", "--learning-rate", "1e9", "-q")
    assert (result.code, result.out) == (1, "")
    assert "lower the learning rate" in result.err
    assert not os.path.exists("digits.safetensors")


def test_debug_shows_the_traceback(run):
    with pytest.raises(cr.ConfigurationError):
        run("train", "digts", "--debug")


def test_help_and_version(run):
    assert "Usage: chainrule" in run().out
    assert run("--version").out == f"chainrule {cr.__version__}\n"
    assert "--learning-rate" in run("train", "--help").out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from chainrule.cli import main; main(['--help']);"
        "print([m for m in ('rich', 'matplotlib', 'jax', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_has_seen_enough_causes_no_noise(digits):
    command = [*COMMAND, "predict", str(digits), "digits", "--part", "all", "--probabilities"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_the_weights(tmp_path):
    path = tmp_path / "kept.safetensors"
    command = [*COMMAND, "train", "digits", "--epochs", "1000000", "--engine", "numpy", "-v"]
    with subprocess.Popen(
        [*command, "--output", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:  # wait until it is really training
            if line.startswith("epoch 1/"):
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=20) == 130
    assert "interrupted" in rest
    assert cr.load(path).history.epochs >= 1
