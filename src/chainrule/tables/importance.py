"""Which columns a model uses: permutation importance, and gradient times input for one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.layers.base import Context
from chainrule.layers.combinators import Sequential
from chainrule.namespace import Array
from chainrule.randomness import permutation
from chainrule.step import Data, predicting
from chainrule.tables.network import groups, mean_input
from chainrule.tables.scoring import main_score, score

if TYPE_CHECKING:
    from chainrule.model import Model
    from chainrule.tables.schema import Schema

ROWS = 5_000
REPEATS = 3


def permutation_importance(model: Model, data: Data, repeats: int = REPEATS) -> dict[str, float]:
    """Return how much the main score falls when a column's values are dealt to other rows.

    The mean over `repeats` dealings, on at most 5,000 rows, the largest first. A column beside
    another that says the same may come out low. Source: Breiman, "Random forests" (2001).
    """
    table, X = model.table, np.array(data.X[:ROWS])
    held = Data(X, np.asarray(data.targets[:ROWS]))
    name = main_score(table)
    base = score(model, model.outputs(X), held)[name]
    found = {}
    for column, places in table.places.items():
        falls = []
        for repeat in range(repeats):
            dealt = X.copy()
            dealt[:, places] = X[permutation(model.seed, repeat, len(X))][:, places]
            falls.append(base - score(model, model.outputs(dealt), held)[name])
        found[column] = float(np.mean(falls))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def attributions(model: Model, X: Array) -> list[dict[str, float]]:
    """Return for each row what every column adds to the answer: gradient times input.

    (a − ā) ⊙ ∂Z/∂a, summed over what the column gives to the first layer of weights: standardized
    numbers, one-hot rows, embeddings. ā is their mean over the training rows, so the sum is, to
    first order, how far the answer is from that of an average row; without hidden layers it is so
    exactly. Z is the output of the answered class less the mean of all outputs, or the prediction
    in the target's unit. The largest come first. Source: Shrikumar, Greenside and Kundaje,
    arXiv:1605.01713 (2016), with their reference input.
    """
    network, table = model.trained_layer, model.table
    if table is None or not isinstance(network, Sequential):
        raise ConfigurationError("attributions need a model that was trained on a table")
    state = predicting(model.optimizer, model.state)
    ctx, caches = Context(state=state.running), {}
    Y = X.astype(model.dtype)
    for i, (name, layer) in enumerate(network.children):
        Y, caches[name] = layer.forward(state.params[name], Y, ctx.at(name))
        if i == 0:
            A = Y - mean_input(table, state.params[name]).astype(Y.dtype)
    dY = _direction(model, Y)
    for name, layer in reversed(network.children[1:]):
        dY, _ = layer.backward(state.params[name], caches[name], dY)
    product = A * dY
    by_column = {c: product[:, places].sum(axis=1) for c, places in groups(table).items()}
    return [
        dict(
            sorted(
                ((c, float(values[i])) for c, values in by_column.items()),
                key=lambda item: -abs(item[1]),
            )
        )
        for i in range(len(X))
    ]


def _direction(model: Model, Z: Array) -> Any:
    """Return dZ of the number that is explained."""
    if model.table.target.classes is None:
        return np.full_like(Z, getattr(model.trained_loss, "spread", 1.0))
    if Z.shape[1] == 1:
        return np.where(model.trained_loss.threshold < Z, 1.0, -1.0).astype(Z.dtype)
    hot = (Z.argmax(axis=1)[:, None] == np.arange(Z.shape[1])).astype(Z.dtype)
    return hot - np.asarray(1 / Z.shape[1], Z.dtype)


def in_words(table: Schema, x: Array, found: Mapping[str, float], most: int) -> str:
    """Return the columns that matter most for one row, with their values: "size=80 +1.25"."""
    scale = max(map(abs, found.values()), default=1.0)
    digits = 0 if scale >= 1000 else 3
    return ", ".join(
        f"{name}={table.value(name, x)} "
        + (f"{value:+,.0f}" if digits == 0 else f"{value:+.{digits}g}")
        for name, value in list(found.items())[:most]
    )
