"""One real pass, written down: what every layer was given and what it returned, both ways.

The network that runs is the model's own; each leaf is wrapped in a layer that listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.combinators import Sequential
from chainrule.losses import Loss, one_hot
from chainrule.namespace import Array
from chainrule.step import Batch
from chainrule.tree import Tree, map_leaves


@dataclass(eq=False)
class Record:
    """A layer at its place, and the arrays of this pass, in rows."""

    path: str
    layer: Layer
    params: Mapping[str, Array] = field(default_factory=dict)
    cache: Any = None
    context: Context = INFERENCE
    values: dict[str, Array] = field(default_factory=dict)  # X, Y, dX, dY, W, dW, …


@dataclass(frozen=True, repr=False)
class Listening(Layer):
    """A layer that does what `record.layer` does, and writes it down."""

    record: Record

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y, cache = self.record.layer.forward(params, X, ctx)
        self.record.params, self.record.cache, self.record.context = params, cache, ctx
        self.record.values = {"X": X, "Y": Y, **params}
        if isinstance(cache, dict):
            self.record.values |= {n: v for n, v in cache.items() if isinstance(v, np.ndarray)}
        return Y, cache

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        dX, gradients = self.record.layer.backward(params, cache, dY)
        self.record.values |= {"dY": dY, "dX": dX, **{f"d{n}": g for n, g in gradients.items()}}
        return dX, gradients


@dataclass(frozen=True)
class Trace:
    """A pass: the records in the order of the forward pass, and what the loss said."""

    records: tuple[Record, ...]
    loss: Loss
    X: Array
    targets: Array  # as the formulas want them: (m, outputs)
    weights: Array
    value: float
    gradients: Tree


def listen(layer: Layer, path: str, records: list[Record]) -> Layer:
    """Return the network with every leaf wrapped; the records are filled in forward order."""
    if isinstance(layer, Sequential):
        return Sequential(
            *(listen(c, f"{path}.{n}" if path else n, records) for n, c in layer.children)
        )
    records.append(Record(path, layer))
    return Listening(records[-1])


def trace(network: Layer, loss: Loss, params: Tree, running: Any, batch: Batch) -> Trace:
    """Run one pass in float64 and return all of it. Nothing of the model changes."""
    records: list[Record] = []
    listening = listen(network, "", records)
    exact = map_leaves(lambda p: p.astype(np.float64), params)
    X = batch.X.astype(np.float64)
    Z, cache = listening.forward(exact, X, Context(state=running))
    value, dZ = loss(Z, batch.targets, batch.weights)
    _, gradients = listening.backward(exact, cache, dZ)
    targets = one_hot(batch.targets, Z) if batch.targets.ndim == 1 else batch.targets
    return Trace(
        tuple(records), loss, X, targets.astype(np.float64), batch.weights, float(value), gradients
    )
