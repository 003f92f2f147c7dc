"""One real pass, written down: what every layer was given and what it returned, both ways.

The network that runs is the model's own; each leaf is wrapped in a layer that listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from chainrule.derivation import Formulas
from chainrule.errors import ChainruleError
from chainrule.formulas import Operation, evaluate
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.combinators import Sequential
from chainrule.layers.shared import Shared, Tied
from chainrule.losses import Loss, one_hot
from chainrule.namespace import Array
from chainrule.step import Batch
from chainrule.tree import Tree, flatten, map_leaves


@dataclass(eq=False)
class Record:
    """A layer at its place, and the arrays of this pass, in rows."""

    path: str
    layer: Layer
    home: str = ""  # the path of its parameters, another one where they are shared
    params: Mapping[str, Array] = field(default_factory=dict)  # by dotted name
    tree: Tree = field(default_factory=dict)  # the same as the layer takes them
    cache: Any = None
    context: Context = INFERENCE
    values: dict[str, Array] = field(default_factory=dict)  # X, Y, dX, dY, W, dW, …

    @property
    def formulas(self) -> Formulas:
        """The formulas of this pass."""
        return self.layer.formulas_of(self.cache)

    @property
    def shared(self) -> bool:
        """Whether its parameters serve in other places as well."""
        return self.home != self.path

    def complete(self) -> None:
        """Add what the formulas give a name to and the code does not keep: μ, X̂, dX̂."""
        functions: dict[str, Any] = {
            **self.formulas.functions,
            **operations(self.layer.structural(self.cache)),
        }
        values = {**self.values, **numbers_of(self.layer)}
        for lines in (self.formulas.forward, self.formulas.backward):
            for name, formula in lines.items():
                if name in values:
                    continue
                try:
                    values[name] = evaluate(formula, values, functions)
                except ChainruleError:
                    continue  # the line is then shown without its formula
                self.values[name] = np.asarray(values[name])


@dataclass(frozen=True, repr=False, eq=False)
class Listening(Layer):
    """A layer that does what `record.layer` does, and writes it down."""

    record: Record

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y, cache = self.record.layer.forward(params, X, ctx)
        record = self.record
        record.params, record.tree, record.cache, record.context = (
            flatten(params),
            params,
            cache,
            ctx,
        )
        self.record.values = {"X": X, "Y": Y, **record.params}
        if isinstance(cache, dict):
            self.record.values |= {n: v for n, v in cache.items() if isinstance(v, np.ndarray)}
        return Y, cache

    def backward(self, params: Tree, cache: Any, dY: Array) -> tuple[Array, Tree]:
        dX, gradients = self.record.layer.backward(params, cache, dY)
        self.record.values |= {
            "dY": dY,
            "dX": dX,
            **{f"d{n}": g for n, g in flatten(gradients).items()},
        }
        self.record.complete()
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


def listen(layer: Layer, path: str, records: list[Record], home: str | None = None) -> Layer:
    """Return the network with every leaf wrapped; the records are filled in forward order.

    Layers side by side are one step: only a Sequential is listened into.
    """
    home = path if home is None else home
    if isinstance(layer, Tied):
        return Tied(listen(layer.network, path, records))
    if isinstance(layer, Shared):
        return Shared(layer.name, listen(layer.layer, path, records, layer.name))
    if isinstance(layer, Sequential):
        return layer.with_layers(
            [listen(c, below(path, n), records, below(home, n)) for n, c in layer.children]
        )
    records.append(Record(path, layer, home))
    return Listening(records[-1])


def in_float64(tree: Any) -> Any:
    """Return a tree of parameters, or of state that is not trained, in double precision."""
    return map_leaves(lambda leaf: np.asarray(leaf, np.float64), tree) if tree else tree


def below(path: str, name: str) -> str:
    """Return a child's path.

    >>> below("", "0"), below("0", "W")
    ('0', '0.W')
    """
    return f"{path}.{name}" if path else name


def numbers_of(layer: Any) -> dict[str, float]:
    """Return a description's fields that are numbers, under their names in the formulas."""
    found = {f.name: getattr(layer, f.name) for f in fields(layer)} if is_dataclass(layer) else {}
    return {
        n: float(v)
        for n, v in found.items()
        if isinstance(v, int | float) and not isinstance(v, bool)
    }


def operations(rearranging: Mapping[str, Callable[..., Array]]) -> dict[str, Operation]:
    """Return a layer's rearrangements as functions of the language."""
    return {name: structural(name, apply) for name, apply in rearranging.items()}


def structural(name: str, apply: Callable[..., Array]) -> Operation:
    """Return a function that Python evaluates as one of the language."""

    def evaluate(*arguments: Array, samples: str) -> Array:
        return apply(*arguments)

    return Operation(evaluate, name, rf"\operatorname{{{name}}}", elementwise=False)


def trace(network: Layer, loss: Loss, params: Tree, running: Any, batch: Batch) -> Trace:
    """Run one pass in float64 and return all of it. Nothing of the model changes."""
    records: list[Record] = []
    listening = listen(network, "", records)
    exact, running = in_float64(params), in_float64(running)
    X = batch.X.astype(np.float64)
    Z, cache = listening.forward(exact, X, Context(state=running))
    value, dZ = loss(Z, batch.targets, batch.weights)
    _, gradients = listening.backward(exact, cache, dZ)
    targets = one_hot(batch.targets, Z) if batch.targets.ndim == 1 else batch.targets
    return Trace(
        tuple(records), loss, X, targets.astype(np.float64), batch.weights, float(value), gradients
    )
