from __future__ import annotations

import sys

import pytest

import chainrule as cr

SOURCE = '''
from dataclasses import dataclass
import chainrule as cr

@dataclass(frozen=True, repr=False)
class Cubed(cr.Loss):
    """|Z - Y|^3, for numbers."""
    def per_sample(self, Z, Y):
        e = Z - Y
        return (e * e * e * cr.array_namespace(e).sign(e)).sum(axis=1), 3 * e * e * (
            cr.array_namespace(e).sign(e))

@dataclass(frozen=True, repr=False)
class YesNo(cr.SigmoidCrossEntropy):
    """For one flag."""

@dataclass(frozen=True, repr=False)
class Halved(cr.Rule):
    def rule(self, p, g, slots, **scalars):
        return p - scalars["learning_rate"] / 2 * g, {}

@dataclass(frozen=True, repr=False)
class Needy(cr.Layer):
    size: int
    def forward(self, params, X, ctx=cr.INFERENCE):
        return X, None
    def backward(self, params, cache, dY):
        return dY, {}
'''
QUICK = ["--layers", "4", "--epochs", "2", "-q", "--engine", "numpy", "--output", "m.safetensors"]


@pytest.fixture
def file(tmp_path):
    """A file of one's own classes, named as no other test's."""
    path = tmp_path / "own_classes.py"
    path.write_text(SOURCE)
    yield path.name
    sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("loss", ["Cubed", "YesNo"])
def test_a_loss_and_an_optimizer_of_your_own(run, file, loss):
    own = ["--loss", f"{file}:{loss}", "--optimizer", f"{file}:Halved", "--learning-rate", "0.02"]
    result = run("train", "moons", *own, *QUICK, "--json")
    assert result.code == 0, result.err
    settings = result.json["configuration"]
    assert settings["loss"] == f"{file}:{loss}"
    assert settings["optimizer"] == f"{file}:Halved"
    assert settings["learning_rate"] == 0.02
    model = cr.load("m.safetensors")
    assert repr(model.optimizer) == "Halved(0.02)"
    assert model.built.output_shape == ((1,) if loss == "YesNo" else (2,))
    assert run("evaluate", "m.safetensors", "moons", "--import", file).code == 0


def test_the_same_settings_from_a_file(run, file, tmp_path):
    (tmp_path / "c.toml").write_text(f'data = "xor"\nloss = "{file}:YesNo"\n')
    assert run("train", "--config", "c.toml", *QUICK).code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--loss", "{}:Halved"], 'unknown loss in own_classes.py "Halved"'),
        (["--optimizer", "{}:Halve"], 'did you mean "Halved"?'),
        (["--activation", "{}:Needy"], "own_classes.py:Needy: "),
        (["--activation", "{}:Needy"], "'size'; its fields need defaults here"),
        (["--loss", "nowhere.py:Loss"], 'no Python file at "nowhere.py"'),
    ],
)
def test_what_is_not_there_is_named(run, file, options, message):
    result = run("train", "moons", *(o.format(file) for o in options), *QUICK)
    assert result.code == 2
    assert message in result.err


def test_a_loss_for_flags_refuses_three_classes(run, file):
    result = run("train", "spirals", "--loss", f"{file}:YesNo", *QUICK)
    assert result.code == 2
    assert "own_classes.py:YesNo is for two classes, but there are 3" in result.err
