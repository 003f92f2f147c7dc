"""Layers, losses, optimizers and whole trainings in recorded calls: the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.recorded import RecordingError, recorded, steps
from chainrule.layers.base import Context
from chainrule.tree import flatten, replace
from example_layer import Example
from example_layers import LAYERS
from example_losses import LOSSES
from example_optimizers import OPTIMIZERS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6)).astype(np.float32)
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def same_calls(function: Any, tree: dict[str, Any]) -> None:
    """Compare what a function makes of the leaves of a tree with what its recorded calls make."""
    leaves = flatten(tree)

    def of_leaves(*values: Any) -> list[Any]:
        return list(
            flatten(function(replace(tree, dict(zip(leaves, values, strict=True))))).values()
        )

    expected = [np.array(a) for a in of_leaves(*leaves.values())]
    found = recorded(of_leaves, *leaves.values())(*leaves.values())
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.asarray(ours).dtype == theirs.dtype


@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_layers(example: Example) -> None:
    ctx, layer = example.context(), example.layer
    dY = np.random.default_rng(4).normal(size=(4, *layer.output_shape(example.shape)))

    def passes(given: Any) -> dict[str, Any]:
        rng = ctx.rng and ctx.rng._replace(rows=given["rows"])
        now = Context(ctx.training, rng, given["state"])
        Y, cache = layer.forward(given["params"], given["X"], now)
        dX, gradients = layer.backward(given["params"], cache, given["dY"])
        state = dict(layer.advance(given["state"], cache))
        return {"Y": Y, "dX": dX, "d": gradients, "state": state}

    tree = {"params": example.parameters(), "X": example.samples(), "dY": dY}
    tree |= {"rows": ctx.rng and ctx.rng.rows, "state": dict(ctx.state)}
    if isinstance(layer, cr.Embedding):  # whose gradient is written into an array
        with pytest.raises(RecordingError):
            same_calls(passes, tree)
    else:
        same_calls(passes, tree)


@pytest.mark.parametrize("example", LOSSES, ids=str)
def test_losses(example: Any) -> None:
    for targets in example.targets().values():
        tree = {"Z": example.outputs(), "Y": targets, "w": np.arange(1.0, 6) / 15}
        same_calls(
            lambda t: dict(zip("JZ", example.loss(t["Z"], t["Y"], t["w"]), strict=True)), tree
        )


@pytest.mark.parametrize("example", OPTIMIZERS, ids=str)
def test_optimizers(example: Any) -> None:
    params = {"0": {"W": RNG.normal(size=(3, 2)), "b": np.zeros(2)}}
    tree = {"p": params, "g": {"0": {"W": RNG.normal(size=(3, 2)), "b": np.ones(2)}}}
    tree |= {"s": example.optimizer.init(params), "t": np.array(3)}

    def update(t: Any) -> dict[str, Any]:
        return dict(
            zip("ps", example.optimizer.update(t["p"], t["g"], t["s"], t["t"]), strict=True)
        )

    same_calls(update, tree)


NETWORK = cr.Sequential(cr.Dense(8), cr.ReLU(), cr.Dense(3))
TRAININGS: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": cr.SGD(0.1)},
    "momentum": {"optimizer": cr.SGD(0.1, momentum=0.9)},
    "adam": {"optimizer": cr.Adam(0.01)},
    "a schedule": {"optimizer": cr.Adam(cr.WarmUp(5, cr.Cosine(0.01, 60)))},
    "dropout": {"network": cr.Sequential(cr.Dense(8), cr.Dropout(0.5), cr.Tanh(), cr.Dense(3))},
    "running statistics": {
        "network": cr.Sequential(cr.BatchNorm(), cr.Dense(8), cr.BatchNorm(), cr.Dense(3))
    },
    "learnt scales": {"network": cr.Sequential(cr.Standardize(), cr.Dense(8), cr.Dense(3))},
    "branches": {
        "network": cr.Sequential(cr.Residual(cr.Dense(6), cr.GELU()), cr.LayerNorm(), cr.Dense(3))
    },
    "images": {
        "network": cr.Sequential(
            cr.Reshape((3, 2, 1)), cr.Conv2D(4, 2), cr.ReLU(), cr.Flatten(), cr.Dense(3)
        )
    },
    "numbers": {"loss": cr.SquaredError(), "y": X[:, :3] * 2},
    "float64": {"dtype": "float64"},
}


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("factor", [None, 0.5])
def test_trainings(name: str, factor: float | None, monkeypatch: Any) -> None:
    given = {"network": NETWORK, "optimizer": cr.Adam(0.01), "y": LABELS} | TRAININGS[name]

    def trained(after: int) -> tuple[cr.Model, cr.History]:
        monkeypatch.setattr(steps, "AFTER", after)
        loss = given.get("loss", cr.SoftmaxCrossEntropy())
        dtype = given.get("dtype", "float32")
        model = cr.Model(given["network"], loss, given["optimizer"], input_shape=(6,), dtype=dtype)
        model.restore(model.state._replace(factor=factor))
        history = model.fit(X, given["y"], epochs=4, batch_size=20, engine="numpy", verbose=0)
        return model, history

    calls = []
    take = steps.RecordedSteps.take

    def noted(self: Any, before: Any, *args: Any) -> Any:
        kept = [np.array(value) for value in steps.values(before, before)]
        state = take(self, before, *args)
        calls.append(state is not None)
        for now, then in zip(steps.values(before, before), kept, strict=True):
            np.testing.assert_array_equal(now, then)  # the chunk's first state stays as it was
        return state

    monkeypatch.setattr(steps.RecordedSteps, "take", noted)
    found, curves = trained(after=2)
    assert any(calls)
    assert not calls[0]
    calls.clear()
    expected, theirs = trained(after=10**9)
    assert not any(calls)
    assert dict(curves) == dict(theirs)
    for part in ("params", "optimizer", "running"):
        ours, plain = (flatten(dict(getattr(m.state, part))) for m in (found, expected))
        assert ours.keys() == plain.keys()
        for path, leaf in plain.items():
            np.testing.assert_array_equal(ours[path], leaf, err_msg=path)
    assert found.state.step == expected.state.step
    assert found.state.factor == factor


def test_what_users_have_written_runs_as_it_stands() -> None:
    seen = []

    class Looking(cr.Tanh):
        def forward(self, params: Any, X: Any, ctx: Any = None) -> Any:
            seen.append(float(X.max()))
            return super().forward(params, X)

    network = cr.Sequential(cr.Dense(4), Looking(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(), input_shape=(6,))
    assert not steps.ours(model.task.network)
    assert steps.ours(NETWORK)
    assert not steps.ours(cr.Adam(lambda step: 0.01))
    model.fit(X, LABELS, epochs=40, batch_size=30, engine="numpy", verbose=0)
    assert len(seen) >= 120
