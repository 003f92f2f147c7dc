from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero
from chainrule.formulas import run

TRAINING = cr.Context(training=True)


@pytest.mark.parametrize("shape", [(3,), (4, 5, 3)])
@pytest.mark.parametrize("momentum", [0.1, 0.5])
def test_running_numbers_are_pytorchs(shape: Any, momentum: float) -> None:
    torch = pytest.importorskip("torch")
    layer = cr.BatchNorm(momentum)
    theirs = (torch.nn.BatchNorm2d if len(shape) == 3 else torch.nn.BatchNorm1d)(
        3, momentum=momentum, dtype=torch.float64
    )
    params = layer.init(shape, dtype="float64")
    state: Any = {"mean": np.zeros(3), "variance": np.ones(3)}
    for seed in range(4):
        X = away_from_zero((6, *shape), seed)
        _, cache = layer.forward(params, X, TRAINING._replace(state=state))
        state = layer.advance(state, cache)
        theirs(torch.tensor(X).movedim(-1, 1))
    np.testing.assert_allclose(state["mean"], theirs.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(state["variance"], theirs.running_var.numpy(), rtol=1e-12)
    theirs.eval()
    Y = layer.forward(params, X, cr.Context(state=state))[0]
    expected = theirs(torch.tensor(X).movedim(-1, 1)).movedim(1, -1).detach().numpy()
    np.testing.assert_allclose(Y, expected, rtol=1e-12)


def test_inference_leaves_the_running_numbers_alone() -> None:
    layer, state = cr.BatchNorm(), {"mean": np.ones(2), "variance": np.ones(2)}
    params = layer.init((2,))
    _, cache = layer.forward(params, np.ones((3, 2)), cr.Context(state=state))
    assert layer.advance(state, cache) is state


def test_a_model_trains_with_it_on_both_engines_to_the_same_state() -> None:
    pytest.importorskip("jax")
    x = away_from_zero((50, 4), seed=3)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    states = []
    for engine in ("numpy", "xla"):
        network = cr.Sequential(cr.Dense(8), cr.BatchNorm(), cr.ReLU(), cr.Dense(2))
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1), dtype="float64")
        model.fit(x, y, epochs=3, batch_size=16, engine=engine, verbose=0)
        states.append(model.state)
    ours, theirs = (s.running["1"] for s in states)
    assert abs(ours["mean"]).max() > 0.01
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9)


def test_on_images_every_place_is_a_sample() -> None:
    layer, X = cr.BatchNorm(), away_from_zero((3, 2, 4, 5), seed=1)
    params = layer.init((2, 4, 5), dtype="float64")
    Y, cache = layer.forward(params, X, TRAINING)
    flat, _ = layer.forward(params, X.reshape(-1, 5), TRAINING)
    np.testing.assert_allclose(Y.reshape(-1, 5), flat, rtol=1e-13)
    lines = layer.formulas.forward
    values = run(lines, {"X": X, **params, "eps": layer.eps}, layer.structural(cache))
    np.testing.assert_allclose(values["Y"], Y, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (cr.BatchNorm, {"momentum": 0}, r"momentum, the weight of the new value, must be in \(0"),
        (cr.BatchNorm, {"momentum": 1.5}, "got 1.5"),
        (cr.BatchNorm, {"eps": -1}, "BatchNorm: eps must be 0 or more"),
        (cr.LayerNorm, {"eps": float("nan")}, "LayerNorm: eps must be 0 or more"),
    ],
)
def test_values_out_of_range_are_refused(kind: Any, options: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        kind(**options)
