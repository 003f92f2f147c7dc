from __future__ import annotations

import chainrule as cr


def test_text_names_layers_settings_and_history(run, digits):
    out = run("inspect", digits).out
    for expected in ("Scale(0.0625)", "Dense(16)", "1,210 parameters", "20 epochs", "batch_size",
                     "(m, 8, 8)"):  # fmt: skip
        assert expected in out


def test_json_holds_the_header_and_the_settings(run, digits):
    facts = run("inspect", digits, "--json").json
    assert facts["version"] == cr.__version__
    assert facts["input_shape"] == [8, 8]
    assert facts["parameters"] == 1210
    assert facts["configuration"]["data"] == "digits"
    assert [layer["layer"] for layer in facts["layers"]][2:] == ["Dense(16)", "ReLU()", "Dense(10)"]
    assert facts["bytes"] == digits.stat().st_size
