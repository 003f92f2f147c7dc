"""Layers that are named by keyword."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.description import from_config, to_config
from small import classification, same_bits

X, Y = classification()


def named() -> cr.Sequential:
    return cr.Sequential(
        cr.Scale(0.5),
        cr.Dense(6),
        trunk=cr.Sequential(cr.Tanh(), inner=cr.Residual(cr.Dense(6), act=cr.Tanh())),
        head=cr.Dense(3),
    )


def test_names_are_paths_everywhere(tmp_path: Path) -> None:
    model = cr.Model(named(), cr.SoftmaxCrossEntropy(), input_shape=(4,))
    assert list(model.parameters) == ["1.W", "1.b", "trunk.inner.0.W", "trunk.inner.0.b",
                                      "head.W", "head.b"]  # fmt: skip
    model.fit(X, Y, 2, 8, verbose=0, engine="numpy")
    assert "trunk.inner.act  Tanh()" in model.summary()
    assert set(model.gradients(X, Y)) == {*model.parameters, "X"}
    model.save(tmp_path / "model")
    loaded = cr.load(tmp_path / "model")
    assert loaded.network == named()
    assert same_bits(loaded, model)


def test_it_prints_as_it_is_written_and_is_stored() -> None:
    network = named()
    assert repr(network) == (
        "Sequential(Scale(0.5), Dense(6), trunk=Sequential(Tanh(), inner=Residual(Dense(6), "
        "act=Tanh())), head=Dense(3))"
    )
    assert eval(repr(network), vars(cr)) == network
    assert from_config(to_config(network)) == network
    assert network != cr.Sequential(*network.layers)
    without = {"type": "Sequential", "layers": [to_config(cr.Dense(3))]}  # as once written
    assert from_config(without) == cr.Sequential(cr.Dense(3))


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_named_network_trains_as_any_other(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")

    def fit(network: cr.Layer) -> cr.Model:
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1), input_shape=(4,))
        names = (
            ["a.W", "a.b", "z.W", "z.b"] if "z.W" in model.parameters else list(model.parameters)
        )
        values = [np.full((4, 5), 0.1), np.zeros(5), np.arange(15.0).reshape(5, 3), np.zeros(3)]
        model.set_parameters(dict(zip(names, values, strict=True)))
        model.fit(X, Y, 2, 8, verbose=0, engine=engine)
        return model

    plain = fit(cr.Sequential(cr.Dense(5), cr.Tanh(), cr.Dense(3)))
    by_name = fit(cr.Sequential(a=cr.Dense(5), m=cr.Tanh(), z=cr.Dense(3)))
    for name, other in (("0.W", "a.W"), ("2.W", "z.W"), ("2.b", "z.b")):
        np.testing.assert_array_equal(plain.parameters[name], by_name.parameters[other])


def test_a_fused_network_keeps_its_names() -> None:
    model = cr.Model(
        cr.Sequential(hidden=cr.Dense(4), out=cr.Dense(3), end=cr.Softmax()),
        cr.CrossEntropy(), input_shape=(4,),
    )  # fmt: skip
    assert model.trained_layer == cr.Sequential(hidden=cr.Dense(4), out=cr.Dense(3))


def test_branches_have_names_too() -> None:
    network = cr.Concatenate(cr.Identity(), wide=cr.Dense(3))
    assert list(network.init((2,))) == ["0", "wide"]
    Y, cache = network.forward(network.init((2,)), np.ones((5, 2), np.float32))
    assert Y.shape == (5, 5)
    _, gradients = network.backward(network.init((2,)), cache, Y)
    assert list(gradients) == ["0", "wide"]


@pytest.mark.parametrize("name", ["running", "optimizer", "callbacks", "a.b", "0", "with space"])
def test_a_name_is_a_word_that_is_free(name: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=f"a layer cannot be called '{name}'"):
        cr.Sequential(**{name: cr.Dense(3)})


def test_a_named_argument_must_be_a_layer() -> None:
    bad: Any = cr.Tanh
    with pytest.raises(cr.ConfigurationError, match=r"argument 1 is no layer .* mean Tanh\(\)"):
        cr.Sequential(cr.Dense(3), act=bad)


def test_a_shared_layer_cannot_take_a_name_that_is_used() -> None:
    network = cr.Sequential(cr.Shared("a", cr.Dense(3)), a=cr.Dense(3))
    with pytest.raises(cr.ConfigurationError, match="have the same name"):
        cr.Model(network, cr.SquaredError(), input_shape=(3,))
