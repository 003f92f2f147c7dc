"""Where a training broke: replay the last chunk step by step and look at every layer."""

from __future__ import annotations

import numpy as np

from chainrule.layers.base import Context, Layer, Placed
from chainrule.layers.combinators import Sequential
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.step import Data, State, Task, gradients, step
from chainrule.tree import Tree, flatten


def locate(task: Task, data: Data, state: State, indices: Array) -> str:
    """Return in words the step and the layer at which numbers stopped being finite.

    `state` is the one before the chunk whose minibatches are the rows of `indices`.
    """
    with np.errstate(all="ignore"):
        for rows in indices:
            before = state
            bad = bad_parameter(before.params)
            if bad:
                return f"{bad}, already before step {int(before.step) + 1}"
            state, outcome, batch = step(task, state, data, rows)
            if not np.isfinite(outcome.value):
                ctx = Context(True, Rng(task.seed, before.step, batch.rows), before.running)
                culprit = first_bad(task.network, before.params, batch.X, ctx)
                where = culprit or f"the loss: outputs reach {np.abs(outcome.Z).max():.3g}"
                return f"the first that is not finite at step {int(before.step) + 1} is {where}"
            bad = bad_parameter(state.params)
            if bad:
                ctx = Context(True, Rng(task.seed, before.step, batch.rows))
                grads = gradients(task, before.params, before.running, batch, ctx)[1]
                first = bad_parameter(grads, "the gradient of parameter") or bad
                return f"the first that is not finite is {first}, at step {int(before.step) + 1}"
    return "the replay on numpy stays finite: the numbers are at the edge of what float32 holds"


def first_bad(network: Layer, params: Tree, X: Array, ctx: Context, path: str = "") -> str | None:
    """Return which layer's output is not finite first, walking down the sequence."""
    if isinstance(network, Sequential):
        for name, layer in network.children:
            inner = f"{path}.{name}" if path else name
            found = first_bad(layer, params[name], X, ctx.at(name), inner)
            if found:
                return found
            X = layer.forward(params[name], X, ctx.at(name))[0]
        return None
    place = f' at "{path}"' if path else ""
    for name, p in flatten(params).items():
        if not np.isfinite(p).all():
            return f"parameter {name} of {network!r}{place}, {first_entry(p)}"
    Y = network.forward(params, X, ctx)[0]
    if not np.isfinite(Y).all():
        return f"the output of {network!r}{place}, {first_entry(Y)}"
    return None


def bad_parameter(params: Tree, what: str = "parameter") -> str | None:
    """Return the first parameter that is not finite, with its first bad entry.

    >>> bad_parameter({"0": {"W": np.ones(2), "b": np.array([0.0, np.inf])}})
    'parameter 0.b, entry [1] = inf'
    """
    for name, p in flatten(params).items():
        if not np.isfinite(p).all():
            return f"{what} {name}, {first_entry(p)}"
    return None


def first_entry(X: Array) -> str:
    """Return place and value of the first entry that is not finite."""
    place = np.argwhere(~np.isfinite(X))[0].tolist()
    return f"entry {place} = {X[tuple(place)]}"


def advice(places: list[Placed], data: Data) -> str:
    """Return what most often mends a training that broke."""
    largest = float(np.abs(data.X[:1000]).max()) if len(data.X) else 0.0
    scaled = any(type(place.layer).__name__ == "Scale" for place in places)
    if largest > 50 and not scaled:
        scale = f"Scale({1 / largest:.2g})"
        return f"inputs reach {largest:g}: put {scale} first, or lower the learning rate"
    return "lower the learning rate"
