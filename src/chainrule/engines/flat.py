"""One vector for all parameters, so that NumPy updates them by one call and not by one for each.

A call of NumPy costs a microsecond before it computes anything, and an update has a dozen of them
for every array. For a rule that treats every entry alike (`Rule.entrywise`) the parameters are
therefore views of one vector, with the same bits as updated one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.optimizers.base import Rule, is_entrywise
from chainrule.step import State, Task
from chainrule.tree import Tree, flatten, map_leaves

LARGEST = 200_000  # entries; above, a call's own cost is nothing beside its work


class Packed(dict[str, Any]):
    """A tree of parameters that are views of `vector`; of an optimizer's state, the slots."""

    vector: Array


class Unviewed(NamedTuple):
    """Packed parameters without the views, which only a step as it stands needs."""

    template: Mapping[str, Any]
    vector: Array


@dataclass(frozen=True, repr=False, eq=False)
class Flat(Optimizer):
    """The optimizer `rule`, on packed parameters."""

    rule: Rule

    def init(self, params: Tree) -> Tree:
        return self.rule.init(params)

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        assert isinstance(params, Packed)
        g = np.concatenate(_leaves(params, gradients), axis=None)
        vectors, slots = self.rule.update({"": params.vector}, {"": g}, {"": state}, step)
        return packed(params, vectors[""]), slots[""]

    def rate(self, step: Any) -> Any:
        return self.rule.rate(step)

    def scaled(self, factor: Any) -> Self:
        return type(self)(self.rule.scaled(factor))


def flat(task: Task, state: State) -> bool:
    """Say whether the steps of this task shall update one vector."""
    leaves = list(flatten(state.params).values())
    alike = len({p.dtype for p in leaves}) == 1
    return (
        is_entrywise(task.optimizer)
        and task.trainable is None
        and len(leaves) > 1
        and alike
        and sum(p.size for p in leaves) <= LARGEST
    )


def pack(state: State) -> State:
    """Return the state with its parameters, and each slot of the optimizer, in one vector."""
    leaves = flatten(state.params)
    slots: dict[str, list[Array]] = {}
    for name, value in flatten(state.optimizer).items():
        slots.setdefault(name.rpartition(".")[2], []).append(value)
    vectors = {slot: np.concatenate(parts, axis=None) for slot, parts in slots.items()}
    params = packed(state.params, np.concatenate(list(leaves.values()), axis=None))
    return state._replace(params=params, optimizer=vectors)


def unpack(state: State) -> State:
    """Return the state as it was before `pack`."""
    params = viewed(state).params
    assert isinstance(params, Packed)
    slots = {slot: packed(params, vector) for slot, vector in state.optimizer.items()}
    plain = map_leaves(lambda p: p, params)
    return state._replace(params=plain, optimizer=_slots(params, slots))


def is_packed(state: State) -> bool:
    """Say whether `pack` has been there."""
    return isinstance(state.params, Packed | Unviewed)


def without_views(like: Any, vector: Array) -> Any:
    """Return packed parameters of the same layers, with only the vector as yet."""
    return Unviewed(like.template if isinstance(like, Unviewed) else like, vector)


def viewed(state: State) -> State:
    """Return the state with the views of its parameters, where they are packed."""
    params: Any = state.params
    return state._replace(params=packed(*params)) if isinstance(params, Unviewed) else state


def packed(template: Mapping[str, Any], vector: Array) -> Packed:
    """Return a tree like the template whose leaves are views of the vector."""
    tree, _ = _views(template, vector, 0)
    tree.vector = vector
    return tree


def _views(template: Mapping[str, Any], vector: Array, at: int) -> tuple[Packed, int]:
    tree = Packed()
    for name, node in template.items():
        if isinstance(node, dict):
            tree[name], at = _views(node, vector, at)
        else:
            end = at + node.size
            tree[name], at = vector[at:end].reshape(node.shape), end
    return tree, at


def _leaves(template: Mapping[str, Any], tree: Mapping[str, Any]) -> list[Array]:
    """Return the leaves of the tree in the template's order."""
    found: list[Array] = []
    for name, node in template.items():
        # A branch without parameters has an empty node, and no gradients at all.
        found += _leaves(node, tree.get(name, {})) if isinstance(node, dict) else [tree[name]]
    return found


def _slots(template: Mapping[str, Any], slots: Mapping[str, Any]) -> Tree:
    return {
        name: _slots(node, {s: tree[name] for s, tree in slots.items()})
        if isinstance(node, dict)
        else {s: tree[name] for s, tree in slots.items()}
        for name, node in template.items()
    }
