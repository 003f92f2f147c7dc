from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero
from chainrule.layers.shared import Tied, tie
from chainrule.tree import flatten
from gradient_check import check_layer, complex_step


def network(trunk: cr.Layer | None = None) -> cr.Sequential:
    shared = cr.Shared("trunk", trunk or cr.Sequential(cr.Dense(3), cr.Tanh()))
    return cr.Sequential(shared, cr.Dense(3), shared, cr.Residual(shared), cr.Dense(2))


def test_the_parameters_are_kept_once_under_their_name() -> None:
    params = tie(network()).init((3,), dtype="float64")
    assert sorted(flatten(params)) == ["1.W", "1.b", "4.W", "4.b", "trunk.0.W", "trunk.0.b"]


@pytest.mark.parametrize("numeric", [None, complex_step])
def test_the_gradients_of_all_places_add_up(numeric: Any) -> None:
    tied, X = tie(network()), away_from_zero((4, 3), seed=1)
    options = {} if numeric is None else {"numeric": numeric, "bound": 1e-12}
    check_layer(tied, tied.init((3,), dtype="float64"), X, **options)


def test_training_takes_the_same_gradients() -> None:
    tied, X = tie(network()), away_from_zero((4, 3), seed=1)
    params = tied.init((3,), dtype="float64")
    Y, cache = tied.forward(params, X)
    whole, alone = tied.backward(params, cache, Y)[1], tied.parameter_gradients(params, cache, Y)
    assert flatten(whole).keys() == flatten(alone).keys()
    for name, g in flatten(whole).items():
        np.testing.assert_array_equal(flatten(alone)[name], g)


def test_a_network_without_shared_layers_is_itself() -> None:
    plain = cr.Sequential(cr.Dense(3))
    assert tie(plain) is plain
    assert isinstance(tie(network()), Tied)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_model_trains_saves_and_loads_with_shared_layers(tmp_path: Path, engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    x = away_from_zero((40, 3), seed=2)
    y = (x.sum(axis=1) > 0).astype(int)
    model = cr.Model(network(), cr.SoftmaxCrossEntropy(), cr.Adam(0.02), seed=1)
    history = model.fit(x, y, epochs=20, batch_size=10, engine=engine, verbose=0)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert model.summary().count("trunk.0") == 1
    model.save(tmp_path / "m.safetensors")
    loaded = cr.load(tmp_path / "m.safetensors")
    assert loaded.network == network()
    np.testing.assert_array_equal(loaded.predict_proba(x), model.predict_proba(x))


def test_one_name_is_one_layer_of_one_shape() -> None:
    two = cr.Sequential(cr.Shared("a", cr.Dense(3)), cr.Shared("a", cr.Dense(4)))
    with pytest.raises(cr.ConfigurationError, match=r'Shared\("a", \.\.\.\) stands for Dense\(3\)'):
        tie(two)
    wide = tie(cr.Sequential(cr.Shared("a", cr.Dense(3)), cr.Shared("a", cr.Dense(3))))
    with pytest.raises(cr.ConfigurationError, match='other shapes at "1"'):
        wide.parameters((5,))


@pytest.mark.parametrize("name", ["", "0", "a.b", "running", "optimizer", 3])
def test_a_name_that_the_model_file_could_not_hold_is_refused(name: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match="name must be a word"):
        cr.Shared(name, cr.Dense(3))


def test_a_shared_layer_in_a_shared_layer_is_refused() -> None:
    nested = cr.Shared("a", cr.Sequential(cr.Shared("b", cr.Dense(2))))
    with pytest.raises(cr.ConfigurationError, match="cannot hold another"):
        tie(cr.Sequential(nested))
