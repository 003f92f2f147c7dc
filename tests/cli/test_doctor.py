from __future__ import annotations

import chainrule as cr


def test_a_healthy_model_is_told_so(run, digits):
    result = run("doctor", digits)
    assert result.code == 0, result.out
    assert result.out.startswith("nothing wrong found (1,437 samples, 360 others, 20 epochs, ")
    assert "looked for and not found: " in result.out


def test_a_problem_is_told_and_gives_exit_code_1(run, tmp_path):
    options = ["--layers", "12,12", "--activation", "identity", "--epochs", "2", "-q"]
    trained = run("train", "digits", *options, "--engine", "numpy", "--output", "m.safetensors")
    assert trained.code == 0
    (x, y), _ = cr.data.load("digits")
    pair = cr.Model(
        cr.Sequential(cr.Flatten(), cr.Dense(9), cr.Dense(10)), cr.SoftmaxCrossEntropy()
    )
    pair.fit(x / 16, y, verbose=0, engine="numpy")
    pair.configuration["data"] = "nowhere.csv"
    pair.save(tmp_path / "pair.safetensors")
    first = run("doctor", "m.safetensors")
    assert first.code == 1
    assert (
        'two Dense layers with nothing between, Dense(12) at "2" and Dense(12) at "4"' in first.out
    )
    gone = run("doctor", "pair.safetensors")
    assert (gone.code, gone.err[:13]) == (0, "nowhere.csv, ")  # a narrow pair is a remark
    assert "remark: two Dense layers" in gone.out
    missing = run("doctor", "pair.safetensors", "nowhere.csv")
    assert missing.code == 2
    assert "nowhere.csv" in missing.err


def test_json_is_one_object(run, digits):
    result = run("doctor", digits, "digits", "--no-trial", "--json")
    assert result.json["healthy"] is True
    assert result.json["data"] == "digits"
    assert result.json["findings"] == []
    assert "dead ReLUs" in result.json["looked_for"]
