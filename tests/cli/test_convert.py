from __future__ import annotations

import pytest

import chainrule as cr


def test_the_code_is_printed(run, digits):
    out = run("convert", digits, "--to", "torch").out
    assert "self.layer2 = nn.Linear(64, 16)" in out
    assert 'keras.layers.Dense(16, name="layer2")' in run("convert", digits, "--to", "keras").out


def test_the_weights_go_there_and_back(run, digits, tmp_path):
    run("convert", digits, "--to", "torch", "-o", "net.py", "--weights", "net.safetensors")
    assert "class Network" in (tmp_path / "net.py").read_text()
    out = run("convert", digits, "--from", "net.safetensors", "-o", "again.safetensors").out
    assert "2.W        layer2.weight" in out
    (x, _), _ = cr.data.load("digits")
    again = cr.load(tmp_path / "again.safetensors")
    assert (again.outputs(x) == cr.load(digits).outputs(x)).all()


def test_a_proof_on_data(run, digits):
    pytest.importorskip("torch")
    result = run("convert", digits, "--to", "torch", "--prove", "digits", "--json").json
    assert result["proof"]["rows"] == 360
    assert result["proof"]["outputs"] < 1e-5
    assert set(result["proof"]["gradients"]) == {"2.W", "2.b", "4.W", "4.b", "X"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "either --to torch|keras or --from FILE"),
        ("--to jax", 'unknown target "jax"'),
        ("--from x.safetensors", "--from needs --output"),
        ("--from x.safetensors -o y.safetensors", 'no weights file at "x.safetensors"'),
        ("--to torch --weights x.npz", "expected .safetensors"),
    ],
)
def test_wrong_use(run, digits, arguments, message):
    result = run("convert", digits, *arguments.split())
    assert (result.code, result.out) == (2, "")
    assert message in result.err
