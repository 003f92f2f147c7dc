from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero
from chainrule.layers.base import Context
from chainrule.randomness import Rng
from chainrule.tree import flatten


def test_something_that_is_no_layer_is_refused_by_its_position() -> None:
    with pytest.raises(cr.ConfigurationError, match="argument 1 is no layer but 'relu'"):
        cr.Sequential(cr.Dense(3), "relu")  # type: ignore[arg-type]
    with pytest.raises(cr.ConfigurationError, match=r"did you mean ReLU\(\)\?"):
        cr.Sequential(cr.Dense(3), cr.ReLU)  # type: ignore[arg-type]


def test_a_wrong_shape_is_reported_with_the_path() -> None:
    network = cr.Sequential(cr.Identity(), cr.Sequential(cr.ReLU(), cr.Dense(3)))
    with pytest.raises(cr.ShapeError, match=r'^Dense\(3\) at "1\.1" expected \(batch, features\)'):
        network.output_shape((4, 4))


def test_the_backward_pass_is_the_chain_of_its_layers() -> None:
    first, second = cr.Dense(3), cr.Tanh()
    network = cr.Sequential(first, second)
    params = network.init((2,), dtype="float64")
    X, dY = away_from_zero((4, 2), 1), away_from_zero((4, 3), 2)
    Z, cache0 = first.forward(params["0"], X)
    _, cache1 = second.forward({}, Z)
    by_hand = first.backward(params["0"], cache0, second.backward({}, cache1, dY)[0])
    dX, grads = network.backward(params, network.forward(params, X)[1], dY)
    np.testing.assert_array_equal(dX, by_hand[0])
    np.testing.assert_array_equal(grads["0"]["W"], by_hand[1]["W"])


def test_training_never_asks_for_the_first_layers_input_gradient() -> None:
    asked: list[str] = []

    @dataclass(frozen=True, repr=False)
    class Watched(cr.Dense):
        def backward(self, params: Any, cache: Any, dY: Any) -> Any:
            asked.append("dX")
            return super().backward(params, cache, dY)

    network = cr.Sequential(cr.Scale(0.5), Watched(3), cr.Tanh(), Watched(2))
    params = network.init((4,), dtype="float64")
    _, cache = network.forward(params, away_from_zero((5, 4), 1))
    grads = network.parameter_gradients(params, cache, away_from_zero((5, 2), 2))
    assert asked == ["dX"]  # of the second Dense only
    assert list(flatten(grads)) == ["1.W", "1.b", "3.W", "3.b"]


def test_without_anything_to_learn_there_are_no_gradients() -> None:
    network = cr.Sequential(cr.Scale(2.0), cr.Sequential(cr.Tanh()))
    _, cache = network.forward({"0": {}, "1": {"0": {}}}, np.ones((1, 2)))
    params = {"0": {}, "1": {"0": {}}}
    assert flatten(network.parameter_gradients(params, cache, np.ones((1, 2)))) == {}


@dataclass(frozen=True, repr=False)
class Jitter(cr.Layer):
    """A layer that draws and counts: what Dropout and BatchNorm will ask of a combinator."""

    def forward(self, params: Any, X: Any, ctx: Context = cr.INFERENCE) -> Any:
        count = ctx.state.get("count", 0)
        noise = ctx.rng.uniform(X.shape) if ctx.training and ctx.rng is not None else 0
        return X + noise, count

    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY, {}

    def advance(self, state: Any, cache: Any) -> Any:
        return {"count": state["count"] + 1}


def test_each_child_has_its_own_randomness_and_state() -> None:
    network = cr.Sequential(Jitter(), cr.Tanh(), cr.Sequential(Jitter()))
    params: Any = {"0": {}, "1": {}, "2": {"0": {}}}
    rng, X = Rng(1, 0, np.arange(2, dtype=np.uint32)), np.zeros((2, 3), np.float32)
    running = {"0": {"count": 0}, "2": {"0": {"count": 5}}}
    Y, cache = network.forward(params, X, Context(True, rng, running))
    first = rng.at("0").uniform((2, 3))
    np.testing.assert_array_equal(Y, np.tanh(first) + rng.at("2").at("0").uniform((2, 3)))
    assert network.advance(running, cache) == {"0": {"count": 1}, "2": {"0": {"count": 6}}}
    np.testing.assert_array_equal(network.forward(params, X)[0], X)
