"""A minibatch in shards: their gradients, and the fixed order in which these are added.

The batch is cut into as many shards as the model says, however many processes share the work. What
the shards give (gradients, loss, hits and change of running statistics) is added in a binary tree,
((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)). A process that holds a subtree adds it up by itself and
the rest of the tree is the reduction between processes, of one vector each, so that 1, 2, 4 or 8
of them give the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Any, Protocol

import numpy as np

from chainrule.layers.base import Context
from chainrule.metrics import hits
from chainrule.namespace import Array, array_namespace, whole
from chainrule.randomness import Rng
from chainrule.step import Arrangement, Batch, State, Task, gradients, update
from chainrule.tree import flatten, replace

WITH_COMM = 8  # shards of a model that is trained by several processes and does not say
FOUR = 4  # shards, or sums of some, that are added in one pass: a power of two, for the tree


class Comm(Protocol):
    """Processes that train together. `rank` counts from 0; that one writes the files."""

    rank: int
    size: int
    one_mesh: bool  # of devices that share each minibatch, instead of shards for each process

    def most(self, *numbers: int) -> list[int]:
        """Return the largest of each number over the ranks."""
        ...

    def tell(self, text: str) -> str:
        """Return what the first rank says."""
        ...

    def abort(self, code: int) -> None:
        """End all the processes."""
        ...


class Summing(Comm, Protocol):
    """Processes that add up vectors: of those that train in shards."""

    def sum(self, vector: Array) -> Array:
        """Return Σ over the ranks, the same bits on each, added in a binary tree."""
        ...

    def wait(self) -> None:
        """Come back when all have called it."""
        ...


class Alone:
    """One process that trains by itself."""

    rank, size, one_mesh = 0, 1, False

    def most(self, *numbers: int) -> list[int]:
        """Return the numbers: there is nobody else."""
        return list(numbers)

    def tell(self, text: str) -> str:
        """Return the text."""
        return text

    def sum(self, vector: Array) -> Array:
        """Return the vector: there is nobody else."""
        return vector

    def wait(self) -> None:
        """Come back: there is nobody else."""

    def abort(self, code: int) -> None:
        """Do nothing; the exception that is on its way ends the process."""


def bounds(m: int, shards: int) -> list[tuple[int, int]]:
    """Return first and end of each shard of m samples; none is empty unless m < shards.

    >>> bounds(10, 4)
    [(0, 3), (3, 6), (6, 8), (8, 10)]
    """
    size, longer = divmod(m, shards)
    ends = [size * (i + 1) + min(i + 1, longer) for i in range(shards)]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def owned(shards: int, comm: Comm) -> range:
    """Return the shards of this rank."""
    return range(shards * comm.rank // comm.size, shards * (comm.rank + 1) // comm.size)


def tree_sum(terms: Sequence[Any], add: Callable[[Any, Any], Any] = operator.add) -> Any:
    """Return the sum of neighbours' sums, level by level; one without a neighbour goes up as it is.

    >>> tree_sum("abcde", lambda a, b: f"({a}{b})")
    '(((ab)(cd))e)'
    """
    while len(terms) > 1:
        terms = [reduce(add, terms[i : i + 2]) for i in range(0, len(terms), 2)]
    return terms[0]


def last_sums(terms: Iterable[Any], count: int, add: Callable[..., Any]) -> list[Any]:
    """Return up to four sums whose tree's sum is that of the `count` terms.

    `add` takes up to four. Terms are taken one by one, and added as soon as four are there, so that
    few of them live at a time.

    >>> last_sums("abcde", 5, lambda *group: f"({''.join(group)})")
    ['(abcd)', '(e)']
    """
    while count > FOUR:
        terms, count = _by_fours(terms, add), -(-count // FOUR)
    return list(terms)


def _by_fours(terms: Iterable[Any], add: Callable[..., Any]) -> Iterator[Any]:
    left = iter(terms)
    while group := list(islice(left, FOUR)):
        yield add(*group)


def shard_terms(
    task: Task, counts_hits: bool, held: Arrangement, state: State, batch: Batch, share: Any
) -> list[Array]:
    """Return what a shard adds to the step: gradients, change of running state, loss, hits.

    `share` is its part in the average of running statistics: 1 / (shards that are not empty).
    """
    if not len(batch.rows):
        return no_terms(task, state)
    batch = batch._replace(X=batch.X.astype(task.dtype, copy=False))
    if task.augment is not None:
        rng = Rng(task.seed, state.step, batch.rows).at("augment")
        batch = batch._replace(X=task.augment(batch.X, rng))
    ctx = Context(training=True, rng=Rng(task.seed, state.step, batch.rows))
    params = held.read(state.params)
    outcome, grads, after = gradients(task, params, state.running, batch, ctx)
    xp = array_namespace(batch.X)
    before, moved = flatten(dict(state.running)), flatten(dict(after))
    right = hits(task.loss, outcome.Z, batch.targets).sum() if counts_hits else 0
    parts = [g for _, g in sorted(flatten(held.write(grads)).items())]
    parts += [(moved[name] - before[name]) * share for name in sorted(before)]
    parts += [outcome.value, xp.asarray(right)]
    return [xp.asarray(p, dtype=task.dtype) for p in parts]


def no_terms(task: Task, state: State) -> list[Array]:
    """Return what a shard without samples adds."""
    running = flatten(dict(state.running))
    leaves = [*sorted(flatten(state.params).items()), *sorted(running.items())]
    return [np.zeros(p.shape, task.dtype) for _, p in leaves] + [np.zeros((), task.dtype)] * 2


def add_terms(*shards: Sequence[Array]) -> list[Array]:
    """Return the terms of some shards together; compiled, this is one pass over memory."""
    return [tree_sum(parts) for parts in zip(*shards, strict=True)]


def joined(*shards: Sequence[Array]) -> Array:
    """Return the terms of some shards together, as the vector that processes exchange."""
    terms = add_terms(*shards)
    xp = array_namespace(terms[-1])
    return xp.concatenate([xp.ravel(p) for p in terms])


def joined_terms(
    task: Task, counts_hits: bool, held: Arrangement, state: State, batches: list[Batch], share: Any
) -> Array:
    """Return what `joined` makes of the terms of some shards: all of it as one program.

    Each shard's terms are computed as a whole: made part of the sum, they could get other bits.
    """
    shards = (shard_terms(task, counts_hits, held, state, batch, share) for batch in batches)
    return joined(*([whole(p) for p in terms] for terms in shards))


def apply_vector(task: Task, state: State, vector: Array, weight: Any) -> tuple[State, Any, Any]:
    """Return the next state, the loss and the hits of the step whose shards sum to `vector`.

    `weight` is that of the minibatch's samples together; a penalty is added once, not by a shard.
    """
    grads, at = {}, 0
    for name, p in sorted(flatten(state.params).items()):
        grads[name], at = vector[at : at + p.size].reshape(p.shape), at + p.size
    running: dict[str, Any] = {}
    for name, r in sorted(flatten(dict(state.running)).items()):
        change = vector[at : at + r.size].reshape(r.shape)
        running[name], at = (r + change).astype(r.dtype), at + r.size
    moved: Mapping[str, Any] = replace(dict(state.running), running)
    value, all_grads = vector[-2], replace(state.params, grads)
    if task.penalty is not None:
        value, all_grads = task.penalty(state.params, all_grads, value, weight)
    return update(task, state, all_grads, moved), value, vector[-1]
