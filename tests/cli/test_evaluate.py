from __future__ import annotations

import chainrule as cr


def test_the_numbers_are_the_models_own(run, digits):
    _, (x_test, y_test) = cr.data.load("digits")
    expected = cr.load(digits).evaluate(x_test, y_test)
    result = run("evaluate", digits, "digits", "--json").json
    assert result["accuracy"] == expected["accuracy"]
    assert result["loss"] == expected["loss"]
    assert result["samples"] == 360


def test_parts(run, digits):
    sizes = [run("evaluate", digits, "digits", "--part", part, "--json").json["samples"]
             for part in ("test", "train", "all")]  # fmt: skip
    assert sizes == [360, 1437, 1797]
    assert 'unknown part "tset": did you mean "test"?' in run(
        "evaluate", digits, "digits", "--part", "tset"
    ).err  # fmt: skip


def test_the_file_of_the_training_is_tested_on_what_was_held_out(run, table):
    trained = run("train", table, "--target", "kind", "--seed", "3", "--json", "-q").json
    again = run("evaluate", trained["output"], table, "--json").json
    assert again["samples"] == 20
    assert abs(again["loss"] - trained["test_loss"]) < 1e-6


def test_classes_are_compared_by_name(run, table, tmp_path):
    run("train", table, "--target", "kind", "-q")
    (tmp_path / "far.csv").write_text("a,b,kind\n0.9,1.0,far\n0.95,1.0,far\n")
    assert run("evaluate", "points.safetensors", "far.csv", "--json").json["accuracy"] == 1.0
    (tmp_path / "odd.csv").write_text("a,b,kind\n0.9,1.0,odd\n0.95,1.0,odd\n")
    result = run("evaluate", "points.safetensors", "odd.csv")
    assert (result.code, result.out) == (2, "")
    assert "'odd' is no known class" in result.err
