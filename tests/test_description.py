from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.description import from_config, to_config, type_name
from chainrule.errors import unknown_name

DESCRIPTIONS = [
    cr.Sequential(cr.Dense(3, cr.HeNormal()), cr.Sequential(cr.LeakyReLU(0.2)), cr.Dense(1)),
    cr.Dense(2, bias_initializer=cr.Uniform(-1, 1)),
    cr.SquaredError("sum", reduction="sum"),
    cr.SGD(0.1, momentum=0.9, nesterov=True),
    cr.AdamW(weight_decay=0.1),
]


@pytest.mark.parametrize("value", DESCRIPTIONS, ids=repr)
def test_a_description_survives_json(value: Any) -> None:
    assert from_config(json.loads(json.dumps(to_config(value)))) == value


@pytest.mark.parametrize("value", DESCRIPTIONS, ids=repr)
def test_the_repr_is_a_constructor_call(value: Any) -> None:
    assert eval(repr(value), dict(vars(cr))) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (cr.Dense(3), "Dense(3)"),
        (cr.Dense(units=3, initializer=cr.HeNormal()), "Dense(3, HeNormal())"),
        (cr.Dense(3, bias_initializer=cr.Normal()), "Dense(3, bias_initializer=Normal())"),
        (cr.LeakyReLU(0.01), "LeakyReLU()"),
        (cr.SGD(momentum=0.9), "SGD(momentum=0.9)"),
        (cr.SquaredError("sum", reduction="sum"), "SquaredError('sum', reduction='sum')"),
        (cr.SquaredError(reduction="sum"), "SquaredError(reduction='sum')"),
        (cr.Sequential(), "Sequential()"),
    ],
)
def test_defaults_are_left_out(value: Any, expected: str) -> None:
    assert repr(value) == expected


def test_descriptions_are_values() -> None:
    assert cr.Dense(3) == cr.Dense(3)
    assert cr.Dense(3) != cr.Dense(4)
    assert len({cr.Dense(3), cr.Dense(3), cr.Sequential(cr.Dense(3))}) == 2
    with pytest.raises(AttributeError):
        cr.Dense(3).units = 4  # type: ignore[misc]


@dataclass(frozen=True, repr=False)
class Mine(cr.Layer):
    sizes: tuple[int, ...] = (1, 2)
    note: str = field(default="", kw_only=True)


def test_a_users_class_is_stored_with_its_module() -> None:
    assert type_name(Mine) == f"{__name__}:Mine"
    assert from_config(to_config(Mine((3, 4), note="x")), cr.Layer) == Mine((3, 4), note="x")


def test_a_class_that_is_not_imported_says_what_to_import() -> None:
    with pytest.raises(cr.ConfigurationError, match="defined outside chainrule: import their"):
        from_config({"type": "their:Layer"}, cr.Layer)


@pytest.mark.parametrize(
    ("config", "base", "message"),
    [
        ({"type": "Dens", "units": 3}, cr.Layer, r'unknown layer "Dens": did you mean "Dense"\?'),
        ({"type": "Adam"}, cr.Layer, 'unknown layer "Adam"'),
        ({"units": 3}, cr.Layer, 'unknown layer "None"'),
        ({"type": 5}, cr.Loss, 'unknown loss "5"'),
        ({"type": "Dense", "units": 3, "size": 4}, cr.Layer, "Dense has no field size"),
        ({"type": "Dense", "units": -1}, cr.Layer, "units must be a positive integer"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused(config: Any, base: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        from_config(config, base)


@pytest.mark.parametrize("value", [lambda step: 0.1, {1, 2}, b"bytes", object()])
def test_what_is_no_plain_value_cannot_be_stored(value: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match="cannot be stored in a model file"):
        to_config(value)


def test_a_name_far_from_all_has_no_suggestion() -> None:
    message = str(unknown_name("data set", "qqq", ["mnist", "xor"]))
    assert message == 'unknown data set "qqq": known: mnist, xor'
    assert 'did you mean "mnist"?' in str(unknown_name("data set", "MNITS", ["mnist", "xor"]))


def test_a_class_of_the_script_that_runs_is_named_after_the_script(tmp_path: Path) -> None:
    script = tmp_path / "own_script.py"
    script.write_text(
        "import chainrule as cr\n"
        "class Same(cr.Identity): pass\n"
        "if __name__ == '__main__':\n"
        "    network = cr.Sequential(cr.Dense(2), Same())\n"
        "    cr.Model(network, cr.SquaredError(), input_shape=(3,)).save('model')\n"
        "    print(cr.load('model').network)\n"
    )
    ran = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.stdout == "Sequential(Dense(2), Same())\n", ran.stderr
    code = "import own_script, chainrule as cr; print(cr.load('model').network)"
    again = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert again.stdout == ran.stdout, again.stderr
