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


def passes(example: Example, dtype: str) -> tuple[dict[str, Any], Any, tuple[Any, ...]]:
    """Return what NumPy gives, the function of arrays that JAX is to trace, and the arrays."""
    X, params = example.samples(dtype=dtype), example.parameters(dtype)
    ctx, layer = example.context(dtype=dtype), example.layer
    dY = np.random.default_rng(4).normal(size=(4, *layer.output_shape(example.shape)))

    # The seed and the path of a random number are Python's own at compile time.
    def both_ways(params: Any, X: Any, dY: Any, rows: Any, state: Any) -> Any:
        rng = ctx.rng and ctx.rng._replace(rows=rows)
        Y, cache = layer.forward(params, X, Context(ctx.training, rng, state))
        dX, gradients = layer.backward(params, cache, dY)
        return {"Y": Y, "dX": dX, "d": gradients, "state": dict(layer.advance(state, cache))}

    rows = ctx.rng and ctx.rng.rows
    arguments = (params, X, dY.astype(dtype), rows, dict(ctx.state))
    return flatten(both_ways(*arguments)), both_ways, arguments


@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_both_engines_agree(example: Example) -> None:
    ours, both_ways, arguments = passes(example, "float64")
    with jax.enable_x64(True):
        theirs = jax.jit(both_ways)(*arguments)
    for name, array in flatten(theirs).items():
        scale = max(1.0, float(abs(ours[name]).max()))
        np.testing.assert_allclose(np.asarray(array), ours[name], rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_both_engines_give_the_same_types(example: Example, dtype: str) -> None:
    ours, both_ways, arguments = passes(example, dtype)
    with jax.enable_x64(dtype == "float64"):
        theirs = jax.eval_shape(both_ways, *arguments)  # traced, and not compiled
    for name, array in flatten(theirs).items():
        assert (array.shape, array.dtype) == (ours[name].shape, ours[name].dtype), name
