from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

KEYS = {
    "test_accuracy", "test_loss", "train_seconds", "engine", "parameters", "output", "epochs",
    "history", "configuration",
}  # fmt: skip


def test_json_is_one_object_with_what_was_promised(run):
    result = run("train", "digits", "--layers", "16", "--epochs", "20", "--json", "--show", "3")
    assert result.code == 0
    assert result.json.keys() >= KEYS
    assert result.json["test_accuracy"] > 0.8
    assert result.json["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert result.json["output"] == "digits.safetensors"
    assert len(result.json["history"]["loss"]) == result.json["epochs"] == 20
    assert "✓" in result.err  # pictures go where they do not disturb


def test_progress_goes_to_stderr_and_the_result_to_stdout(run):
    result = run("train", "digits", "--epochs", "2", "--layers", "8", "--engine", "numpy")
    assert "epoch 2/2" in result.err
    assert result.out.startswith("test accuracy ")
    assert "epoch 2/2" not in result.out
    assert run("train", "digits", "--epochs", "1", "--layers", "8", "-q").err == ""


def test_the_same_seed_gives_the_same_model(run, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", "digits", "--epochs", "1", "--layers", "8", "--seed", seed, "-q",
            "--engine", "numpy", "--output", tmp_path / name)  # fmt: skip
    a, b, c = (cr.load(tmp_path / name).parameters["2.W"] for name in "abc")
    assert (a == b).all()
    assert (a != c).any()


def test_a_training_is_saved_and_gone_on_with(run, tmp_path):
    def train(epochs, name, *more):
        options = ("--layers", "8", "--epochs", epochs, "--engine", "numpy", "-q")
        return run("train", "digits", *options, "--output", tmp_path / name, *more)

    assert train(4, "whole").code == 0
    saved = ("--checkpoint", tmp_path / "saved")
    assert train(2, "part", *saved).code == 0
    again = train(4, "part", *saved)
    assert again.code != 0
    assert "already holds step-" in again.err
    assert train(4, "part", *saved, "--resume").code == 0
    whole, part = (cr.load(tmp_path / name) for name in ("whole", "part"))
    assert (whole.parameters["2.W"] == part.parameters["2.W"]).all()
    assert part.history.epochs == 4
    assert "--resume needs --checkpoint" in train(1, "x", "--resume").err


def test_patience_ends_a_training_that_stands_still(run):
    stopped = run("train", "digits", "--layers", "8", "--epochs", "50", "--learning-rate", "1e-9",
                  "--patience", "2", "--validation", "0.2", "--json", "-q").json  # fmt: skip
    assert stopped["stopped"].startswith("validation_loss has not improved for 2 epochs")
    assert stopped["epochs"] < 50
    assert stopped["configuration"]["patience"] == 2


def test_pixels_are_scaled_inside_the_model(run, digits):
    model = cr.load(digits)
    assert model.network.layers[:2] == (cr.Scale(1 / 16), cr.Flatten())
    _, (x_test, y_test) = cr.data.load("digits")
    assert (model.predict(x_test) == y_test).mean() > 0.8  # raw pixels, and labels as numbers


def test_show_draws_images_and_writes_tables_as_rows(run):
    drawn = run("train", "digits", "--layers", "8", "--epochs", "2", "-q", "--show", "2").out
    assert "█" in drawn
    assert drawn.count("✓") + drawn.count("✗") == 2
    rows = run("train", "xor", "-q", "--epochs", "400", "--engine", "numpy", "--show", "9").out
    assert rows.count("→ ✓") == 4


def test_text_classes_and_held_out_samples(run, table):
    result = run("train", table, "--target", "kind", "--epochs", "200", "--json", "-q").json
    assert result["configuration"]["test"] == 0.2
    assert result["test_accuracy"] >= 0.9
    model = cr.load(result["output"])
    assert model.predict(np.array([[0.0, 0.0], [0.95, 1.0]])).tolist() == ["near", "far"]


def test_regression_has_no_accuracy(run, numbers):
    result = run("train", numbers, "--json", "-q").json
    assert result["test_accuracy"] is None
    assert result["test_loss"] < 0.01
    assert result["configuration"]["loss"] == "squared-error"


@pytest.mark.parametrize(
    ("options", "loss", "last"),
    [
        ([], "SoftmaxCrossEntropy()", "Dense(2)"),
        (["--output-activation", "softmax"], "CrossEntropy()", "Softmax()"),
        (["--output-activation", "sigmoid"], "BinaryCrossEntropy()", "Sigmoid()"),
        (["--loss", "sigmoid_cross_entropy"], "SigmoidCrossEntropy()", "Dense(1)"),
        (["--loss", "binary-cross-entropy"], "BinaryCrossEntropy()", "Sigmoid()"),
        (["--output-activation", "Tanh"], "SquaredError()", "Tanh()"),
        (["--layers", "none", "--loss", "SquaredError"], "SquaredError()", "Dense(2)"),
    ],
)
def test_loss_and_last_layer_suit_each_other(run, options, loss, last):
    assert run("train", "xor", "--epochs", "1", "-q", *options).code == 0
    model = cr.load("xor.safetensors")
    assert (repr(model.loss), repr(model.network.layers[-1])) == (loss, last)


def test_validation_from_a_file_knows_classes_by_name(run, table, tmp_path):
    held = tmp_path / "held.csv"
    held.write_text("a,b,kind\n0.9,1.0,far\n0.95,1.0,far\n")  # one class only: position 0 here
    result = run("train", table, "--target", "kind", "--validation", held, "--json", "-q").json
    assert result["history"]["validation_accuracy"][-1] == 1.0


def test_configuration_file_and_command_line(run, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('data = "xor"\nlayers = [5, 4]\nepochs = 7\nbatch-size = "all"\n')
    result = run("train", "--config", config, "--epochs", "3", "--json", "-q").json
    assert result["epochs"] == 3
    assert result["configuration"]["layers"] == [5, 4]
    assert result["configuration"]["batch_size"] == "all"


def test_the_settings_of_a_model_train_the_same_model_again(run, digits, tmp_path):
    (tmp_path / "again.toml").write_text(run("inspect", digits, "--toml").out)
    assert run("train", "--config", "again.toml", "--output", "b.safetensors", "-q").code == 0
    first, second = cr.load(digits), cr.load("b.safetensors")
    for name, p in first.parameters.items():
        assert (p == second.parameters[name]).all(), name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lerning_rate = 1", 'unknown setting "lerning_rate": did you mean "learning_rate"?'),
        ('epochs = "many"', "epochs must be a whole number, got 'many'"),
        ("epochs = true", "epochs must be a whole number, got True"),
        ("epochs = ", "is no TOML file"),
    ],
)
def test_a_wrong_configuration_file(run, tmp_path, line, message):
    (tmp_path / "c.toml").write_text(f'data = "xor"\n{line}\n')
    result = run("train", "--config", "c.toml")
    assert result.code == 2
    assert message in result.err


def test_columns_of_different_ranges_are_warned_of(run, tmp_path):
    rows = [f"{i % 7},{1000 * (i % 11)},{i % 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,target", *rows]))
    assert "warning: the columns differ" in run("train", "t.csv", "--epochs", "1").err


def test_a_layer_of_your_own(run, tmp_path):
    (tmp_path / "own_square.py").write_text(
        "from dataclasses import dataclass\n"
        "import chainrule as cr\n"
        "@dataclass(frozen=True, repr=False)\n"
        "class Square(cr.Layer):\n"
        "    def forward(self, params, X, ctx=cr.INFERENCE):\n"
        "        return X * X, X\n"
        "    def backward(self, params, cache, dY):\n"
        "        return 2 * cache * dY, {}\n"
    )
    options = ["--layers", "4", "--epochs", "2", "-q", "--engine", "numpy"]
    result = run("train", "xor", "--activation", "own_square.py:Square", *options)
    assert result.code == 0, result.err
    assert run("evaluate", "xor.safetensors", "xor", "--import", "own_square.py").code == 0
    wrong = run("train", "xor", "--activation", "own_square.py:Sqare")
    assert 'did you mean "Square"' in wrong.err
