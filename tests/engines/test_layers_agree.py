"""Every layer gives the same numbers on both engines: its own lines, traced and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.layers.base import Context
from chainrule.tree import flatten
from example_layer import Example
from example_layers import LAYERS

jax = pytest.importorskip("jax", reason="the xla extra is not installed")


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_both_engines_agree(example: Example, dtype: str, tolerance: float) -> None:
    X, params = example.samples(dtype=dtype), example.parameters(dtype)
    ctx, layer = example.context(dtype=dtype), example.layer
    dY = np.random.default_rng(4).normal(size=(4, *layer.output_shape(example.shape)))

    def both_ways(params: Any, X: Any, dY: Any, rng: Any, state: Any) -> Any:
        Y, cache = layer.forward(params, X, Context(ctx.training, rng, state))
        dX, gradients = layer.backward(params, cache, dY)
        return {"Y": Y, "dX": dX, "d": gradients, "state": dict(layer.advance(state, cache))}

    arguments = (params, X, dY.astype(dtype), ctx.rng, dict(ctx.state))
    with jax.enable_x64(dtype == "float64"):
        # The seed and the path of a random number are Python's own at compile time.
        rng = ctx.rng
        compiled = jax.jit(
            lambda p, X, dY, rows, s: both_ways(p, X, dY, rng._replace(rows=rows), s)
        )
        theirs = compiled(*arguments[:3], ctx.rng.rows, arguments[4])
    ours = flatten(both_ways(*arguments))
    for name, array in flatten(theirs).items():
        assert array.dtype == ours[name].dtype, name
        scale = max(1.0, float(abs(ours[name]).max()))
        np.testing.assert_allclose(np.asarray(array), ours[name], rtol=0, atol=tolerance * scale)
