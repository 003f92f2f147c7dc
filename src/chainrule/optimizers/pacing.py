"""Wrappers with a memory of their own: of gradients to come, or of parameters gone by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.namespace import Array, array_namespace
from chainrule.optimizers.wrapper import Wrapper
from chainrule.tree import Tree, flatten, map_leaves
from chainrule.tree import replace as exchange


@dataclass(frozen=True, repr=False, eq=False)
class Accumulated(Wrapper):
    """One update for every `steps` minibatches, with the mean of their gradients.

    So a batch that does not fit into memory is taken in parts. Schedules and averages inside count
    updates; what is left over at the end of an epoch is used in the next.

    >>> from chainrule.optimizers import Adam
    >>> Accumulated(Adam(), 4)
    Accumulated(Adam(), 4)
    """

    steps: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("steps", isinstance(self.steps, int) and self.steps > 0, "a positive integer")

    def init(self, params: Tree) -> Tree:
        zeros = map_leaves(lambda p: array_namespace(p).zeros_like(p), params)
        return {"optimizer": self.optimizer.init(params), "mean": zeros}

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        means, names = flatten(state["mean"]), flatten(gradients)
        if not names:
            return params, state
        summed = {n: means[n] + g / self.steps for n, g in names.items()}
        mean = exchange(gradients, summed)
        due = (step + 1) % self.steps == 0
        moved = self.optimizer.update(params, mean, state["optimizer"], step // self.steps)
        before = (params, state["optimizer"])
        new, inner = (_chosen(due, a, b) for a, b in zip(moved, before, strict=True))
        kept = {n: array_namespace(s).where(due, 0, s) for n, s in summed.items()}
        return new, {"optimizer": inner, "mean": exchange(state["mean"], kept)}

    def rate(self, step: Any) -> Any:
        return self.optimizer.rate(step // self.steps)

    def exchanged(self, state: Tree, leaves: Tree) -> Tree:
        return {**state, "optimizer": self.optimizer.exchanged(state["optimizer"], leaves)}

    def weights(self, params: Tree, state: Tree) -> Tree:
        return self.optimizer.weights(params, state["optimizer"])


@dataclass(frozen=True, repr=False, eq=False)
class Averaged(Wrapper):
    """A running average of the parameters, which predicts in their place.

        p̄ ← d p̄ + (1 − d) p    after each update; d is `decay`, and 0 at the first

    Training goes on with p itself; validation, `evaluate`, `predict` and `save` use p̄. Source:
    Polyak and Juditsky (1992), with the exponential weights that are usual today.

    >>> from chainrule.optimizers import SGD
    >>> Averaged(SGD(0.1))
    Averaged(SGD(0.1))
    """

    decay: float = 0.999

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("decay", 0 <= self.decay < 1, "in [0, 1)")

    def init(self, params: Tree) -> Tree:
        return {"optimizer": self.optimizer.init(params), "average": params}

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        params, inner = self.optimizer.update(params, gradients, state["optimizer"], step)
        new, old = flatten(params), flatten(state["average"])
        moved = {n: self._mean(old[n], new[n], step) for n in flatten(gradients)}
        return params, {"optimizer": inner, "average": exchange(state["average"], moved)}

    def _mean(self, old: Array, new: Array, step: Any) -> Array:
        mean = self.decay * old + (1 - self.decay) * new
        return array_namespace(new).where(step == 0, new, mean)

    def exchanged(self, state: Tree, leaves: Tree) -> Tree:
        inner = self.optimizer.exchanged(state["optimizer"], leaves)
        return {"optimizer": inner, "average": exchange(state["average"], leaves)}

    def weights(self, params: Tree, state: Tree) -> Tree:
        average: Tree = state["average"]
        return average


def _chosen(condition: Any, one: Tree, other: Tree) -> Tree:
    """Return one tree or the other, entry by entry, so that it can be compiled."""
    return {
        name: _chosen(condition, node, other[name])
        if isinstance(node, dict)
        else array_namespace(node).where(condition, node, other[name])
        for name, node in one.items()
    }
