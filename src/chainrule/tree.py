"""Trees of dicts: parameters, gradients and optimizer state all have this shape.

A tree mirrors the layers: `{"0": {"W": ..., "b": ...}, "1": {}}`. Flattened, its leaves have
dotted names (`0.W`), which are the names in the model file and in every message.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, TypeAlias

import numpy as np

Tree: TypeAlias = dict[str, Any]


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves under their dotted names, in order.

    >>> flatten({"0": {"W": 1, "b": 2}, "1": {}})
    {'0.W': 1, '0.b': 2}
    """
    leaves: dict[str, Any] = {}
    for name, node in tree.items():
        if isinstance(node, dict):
            leaves |= flatten(node, f"{prefix}{name}.")
        else:
            leaves[prefix + name] = node
    return leaves


def replace(tree: Mapping[str, Any], leaves: Mapping[str, Any], prefix: str = "") -> Tree:
    """Return a copy of `tree` in which the leaves named in `leaves` are exchanged.

    >>> replace({"0": {"W": 1, "b": 2}, "1": {}}, {"0.b": 5})
    {'0': {'W': 1, 'b': 5}, '1': {}}
    """
    return {
        name: replace(node, leaves, f"{prefix}{name}.")
        if isinstance(node, dict)
        else leaves.get(prefix + name, node)
        for name, node in tree.items()
    }


def finite(tree: Mapping[str, Any]) -> bool:
    """Say whether all leaves, arrays of NumPy or of an engine, hold finite numbers only.

    >>> finite({"0": {"W": np.ones(2)}}), finite({"0": {"W": np.array([1, np.nan])}})
    (True, False)
    """
    return all(bool(np.isfinite(np.asarray(leaf)).all()) for leaf in flatten(tree).values())


def keep(tree: Mapping[str, Any], names: Container[str], prefix: str = "") -> Tree:
    """Return the tree with only the leaves whose dotted names are in `names`.

    >>> keep({"0": {"W": 1, "b": 2}, "1": {}}, {"0.W"})
    {'0': {'W': 1}, '1': {}}
    """
    kept: Tree = {}
    for name, node in tree.items():
        if isinstance(node, dict):
            kept[name] = keep(node, names, f"{prefix}{name}.")
        elif prefix + name in names:
            kept[name] = node
    return kept


def map_leaves(function: Callable[[Any], Any], tree: Mapping[str, Any]) -> Tree:
    """Return the tree with `function` applied to every leaf.

    >>> map_leaves(lambda n: n + 1, {"0": {"W": 1}})
    {'0': {'W': 2}}
    """
    return {
        name: map_leaves(function, node) if isinstance(node, dict) else function(node)
        for name, node in tree.items()
    }


def in_order_of(template: Mapping[str, Any], tree: Mapping[str, Any]) -> Tree:
    """Return the tree with its names in the template's order; other names come last.

    >>> in_order_of({"2": {}, "10": {}}, {"10": {"W": 1}, "2": {}})
    {'2': {}, '10': {'W': 1}}
    """
    names = [*(n for n in template if n in tree), *(n for n in tree if n not in template)]
    return {
        n: in_order_of(template.get(n, {}), tree[n]) if isinstance(tree[n], dict) else tree[n]
        for n in names
    }


def has_leaves(tree: Mapping[str, Any]) -> bool:
    """Say whether there is any leaf at all.

    >>> has_leaves({"0": {}, "1": {"b": 1}}), has_leaves({"0": {}})
    (True, False)
    """
    return any(has_leaves(node) if isinstance(node, dict) else True for node in tree.values())
