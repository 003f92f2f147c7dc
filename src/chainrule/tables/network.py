"""The layers at the door of a table's network, and what they have learnt of the training rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.layers import Concatenate, Embedding, Flatten, OneHot, Sequential, Slice, Standardize
from chainrule.layers.base import Layer
from chainrule.layers.combinators import RESERVED
from chainrule.tables.column import HOT, Column
from chainrule.tables.schema import Schema, words

WIDEST = 16  # units of an embedding


def door(schema: Schema) -> Layer:
    """Return the first layer: numbers standardized, categories as one-hot rows or embedded.

    >>> from chainrule.tables.schema import Target
    >>> columns = (Column("age", "number", "", (40.0,), (9.0,)),
    ...            Column("city", "category", "", categories=("Bern", "Rome")))
    >>> door(Schema(columns, Target("income", "")))
    Concatenate(numbers=Sequential(Slice(0, 1), Standardize()), city=Sequential(Slice(1, 2), \
OneHot(2)))
    """
    p = len(schema.number_names)
    if not schema.categories:
        return Standardize()
    branches: dict[str, Layer] = {}
    if p:
        branches["numbers"] = Sequential(Slice(0, p), Standardize())
    for i, column in enumerate(schema.categories, p):
        name = column.name
        if not name.isidentifier() or name in (*RESERVED, *branches):
            name = f"column_{i}"
        branches[name] = Sequential(Slice(i, i + 1), *_of_category(column))
    return Concatenate(**branches)


def _of_category(column: Column) -> tuple[Layer, ...]:
    if len(words(column)) <= HOT:
        # what shares token 0 gets a place where the training rows hold it, else a row of zeros
        return (OneHot(len(words(column)) + (column.rare > 0)),)
    tokens = len(words(column)) + 1
    return Embedding(tokens, min(WIDEST, round(1.6 * tokens**0.5))), Flatten()


def _branches(schema: Schema, path: str) -> Iterator[tuple[str, Column, Layer]]:
    """Yield the place, the column and the layer of each category."""
    layer = door(schema)
    if isinstance(layer, Concatenate):
        branches = layer.children[1 if schema.number_names else 0 :]
        for column, (name, _) in zip(schema.categories, branches, strict=True):
            yield f"{path}.{name}.1", column, _of_category(column)[0]


def learnt(schema: Schema, path: str = "0") -> dict[str, NDArray[Any]]:
    """Return the state of the layers of `door(schema)` at `path`, under its dotted names."""
    found = dict[str, NDArray[Any]]()
    if schema.number_names:
        place = f"{path}.numbers.1" if schema.categories else path
        shift, spread = _moments(schema)
        found |= {f"{place}.shift": shift, f"{place}.spread": spread}
        found[f"{place}.samples"] = np.ones(1)
    for place, column, layer in _branches(schema, path):
        if isinstance(layer, OneHot):
            known = np.append(np.arange(1.0, len(words(column)) + 1), [0.0] * (column.rare > 0))
            found |= {
                f"{place}.values": known[None],
                f"{place}.known": np.array([float(len(known))]),
            }
            found[f"{place}.samples"] = np.ones(1)
    return found


def unseen_embeddings(schema: Schema, path: str = "0") -> list[str]:
    """Return the names of the embeddings whose token 0 no training row holds."""
    return [
        f"{place}.W"
        for place, column, layer in _branches(schema, path)
        if isinstance(layer, Embedding) and not column.rare
    ]


def groups(schema: Schema) -> dict[str, list[int]]:
    """Return the outputs of `door(schema)` that belong to each column of the table."""
    found = {c.name: schema.places[c.name] for c in schema.numeric}
    start = len(schema.number_names)
    for _, column, layer in _branches(schema, "0"):
        assert isinstance(layer, Embedding | OneHot)
        size = layer.units if isinstance(layer, Embedding) else layer.categories
        found[column.name] = list(range(start, start + size))
        start += size
    return found


def mean_input(schema: Schema, params: Mapping[str, Any]) -> NDArray[Any]:
    """Return the mean of `door(schema)`'s outputs over the training rows; `params` are its own.

    Standardized numbers have mean 0, a one-hot row the categories' shares.
    """
    means = [np.zeros(len(schema.number_names))]
    for place, column, layer in _branches(schema, "0"):
        shares = np.zeros(len(words(column)) + 1)
        shares[: len(column.shares)] = column.shares[: len(shares)]
        if isinstance(layer, OneHot):
            means.append(np.append(shares[1:], shares[:1] * (column.rare > 0))[: layer.categories])
        else:
            means.append(shares @ params[place.split(".")[1]]["1"]["W"])
    return np.concatenate(means)


def _moments(schema: Schema) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return mean and deviation of each number as the network gets it: gaps filled, flags too."""
    shift, spread = [], []
    for c in schema.numeric:
        share = c.gaps
        shift += [*c.fill, *([share] if share else [])]
        spread += [s * max(1 - share, 1e-6) ** 0.5 for s in c.spread]
        spread += [(share * (1 - share)) ** 0.5 or 1.0] if share else []
    return np.array(shift), np.array(spread)


def names(column: Column) -> str:
    """Return what a column gives to the network, in words."""
    if not column.used:
        return "nothing"
    if column.tokens:
        k = len(words(column))
        return f"{k} categories" if k <= HOT else f"{k} categories, embedded"
    parts = len(column.parts)
    return f"{parts} number{'s' * (parts > 1)}" + (", 1 flag for gaps" if column.gaps else "")
