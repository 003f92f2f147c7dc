"""Where a training broke: replay the last chunk step by step and look at every layer."""

from __future__ import annotations

import numpy as np

from chainrule.layers.base import Context, Layer, Placed
from chainrule.layers.combinators import Sequential
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.step import Data, State, Task, step


def locate(task: Task, data: Data, state: State, indices: Array) -> str:
    """Return in words the step and the layer at which numbers stopped being finite.

    `state` is the one before the chunk whose minibatches are the rows of `indices`.
    """
    with np.errstate(all="ignore"):
        for rows in indices:
            before = state
            state, outcome, batch = step(task, state, data, rows)
            if not np.isfinite(outcome.value):
                ctx = Context(True, Rng(task.seed, before.step, batch.rows), before.running)
                culprit = first_bad(task.network, before, batch.X, ctx)
                where = culprit or f"the loss: outputs reach {np.abs(outcome.Z).max():.3g}"
                return f"the first that is not finite at step {int(before.step) + 1} is {where}"
    return "the replay on numpy stays finite: the numbers are at the edge of what float32 holds"


def first_bad(network: Layer, state: State, X: Array, ctx: Context) -> str | None:
    """Return which layer's output is not finite first, walking down the sequence."""
    layers = network.children if isinstance(network, Sequential) else (("", network),)
    for name, layer in layers:
        params = state.params[name] if name else state.params
        for parameter, p in params.items():
            if not isinstance(p, dict) and not np.isfinite(p).all():
                return f'parameter {parameter} of {layer!r} at "{name}"'
        X = layer.forward(params, X, ctx.at(name))[0]
        if not np.isfinite(X).all():
            return f'the output of {layer!r} at "{name}"'
    return None


def advice(places: list[Placed], data: Data) -> str:
    """Return what most often mends a training that broke."""
    largest = float(np.abs(data.X[:1000]).max()) if len(data.X) else 0.0
    scaled = any(type(place.layer).__name__ == "Scale" for place in places)
    if largest > 50 and not scaled:
        scale = f"Scale({1 / largest:.2g})"
        return f"inputs reach {largest:g}: put {scale} first, or lower the learning rate"
    return "lower the learning rate"
