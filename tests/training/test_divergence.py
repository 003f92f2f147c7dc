from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.layers.base import INFERENCE, Placed
from chainrule.step import Data
from chainrule.training.divergence import advice, first_bad

NETWORK = cr.Sequential(cr.Dense(2), cr.Sequential(cr.Tanh(), cr.Dense(2)), cr.Dense(1))


def parameters() -> Any:
    return NETWORK.init((3,), dtype="float64")


def test_a_healthy_network_has_no_culprit() -> None:
    assert first_bad(NETWORK, parameters(), np.ones((2, 3)), INFERENCE) is None


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        (["0"], "W", 'parameter W of Dense(2) at "0"'),
        (["1", "1"], "b", 'parameter b of Dense(2) at "1.1"'),
        (["2"], "W", 'parameter W of Dense(1) at "2"'),
    ],
)
def test_the_first_bad_parameter_is_named(path: list[str], name: str, expected: str) -> None:
    params = parameters()
    node = params
    for part in path:
        node = node[part]
    node[name] = node[name] * np.nan
    found = first_bad(NETWORK, params, np.ones((2, 3)), INFERENCE)
    assert found is not None
    assert found.startswith(f"{expected}, entry [0")


def test_an_overflowing_output_is_named() -> None:
    params = parameters()
    params["2"]["W"][:] = 1e308
    params["1"]["1"]["b"][:] = 1e10
    with np.errstate(over="ignore"):
        found = first_bad(NETWORK, params, np.ones((2, 3)), INFERENCE)
    assert found == 'the output of Dense(1) at "2", entry [0, 0] = inf'


def test_a_single_layer_needs_no_path() -> None:
    params = {"W": np.full((3, 1), np.inf), "b": np.zeros(1)}
    found = first_bad(cr.Dense(1), params, np.ones((2, 3)), INFERENCE)
    assert found == "parameter W of Dense(1), entry [0, 0] = inf"


def test_advice_looks_at_the_size_of_the_inputs() -> None:
    pixels, small = Data(np.full((2, 3), 255.0), np.zeros(2)), Data(np.ones((2, 3)), np.zeros(2))
    scaled = [Placed("0", cr.Scale(1 / 255), (3,), (3,))]
    assert advice([], pixels) == (
        "inputs reach 255: put Scale(0.0039) first, or lower the learning rate"
    )
    assert advice(scaled, pixels) == advice([], small) == "lower the learning rate"


class Overflows(cr.ReLU):
    """A layer whose derivative overflows where its value does not."""

    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return np.full_like(dY, np.inf), {}


def test_a_bad_gradient_is_named_with_step_and_value_and_the_last_finite_weights_stay() -> None:
    from small import classification

    x, y = classification()
    network = cr.Sequential(cr.Dense(4), Overflows(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,), seed=1)
    before = model.parameters
    with pytest.raises(
        cr.DivergenceError, match=r"the gradient of parameter 0\.W, entry \[0, 0\] = "
    ) as e:
        model.fit(x[:, :4], y, 2, None, verbose=0, engine="numpy")
    assert "at step 1" in str(e.value)
    for name, p in model.parameters.items():
        np.testing.assert_array_equal(p, before[name])
