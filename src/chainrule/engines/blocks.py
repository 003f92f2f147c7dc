"""Large updates on NumPy block by block, so that their numbers stay in the cache.

A rule such as Adam's is a dozen calls, and each goes over all of memory where the weights do not
fit into the cache. A rule that treats every entry alike (`Rule.entrywise`) gives the same bits for
some thousand entries at a time: 784 x 512 weights take 1.0 ms for 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from chainrule.engines.recorded import RecordingError, recorded
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.optimizers.base import Rule, Slots, is_entrywise

BLOCK = 1 << 15  # entries: with two averages and the gradient half a megabyte in float32

Update = Callable[..., Sequence[Array]]


@dataclass(frozen=True, repr=False, eq=False)
class Blockwise(Rule):
    """The rule `inner`, in blocks. With `owned`, results take the place of what it is given."""

    inner: Rule = field(kw_only=True)
    owned: bool = False
    calls: dict[Any, Update] = field(default_factory=dict)  # its calls for one block, by type

    @property
    def slots(self) -> tuple[str, ...]:
        return self.inner.slots

    def owning(self) -> Self:
        """Return the same rule, for parameters and averages that nobody else needs."""
        return replace(self, owned=True)

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        return self.inner.scalars(t, learning_rate)

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        given = [p, *slots.values()]
        if p.size < BLOCK or not all(a.flags.c_contiguous for a in given):
            return self.inner.rule(p, g, slots, **scalars)
        results = given if self.owned else [np.empty_like(a) for a in given]
        sources, targets, g = [a.ravel() for a in given], [a.ravel() for a in results], g.ravel()
        plain, numbers = self._by_place(list(slots), list(scalars)), list(scalars.values())
        for start in range(0, p.size, BLOCK):
            block = slice(start, start + BLOCK)
            now, part = [a[block] for a in targets], g[block]
            if not self.owned:
                for target, source in zip(now, sources, strict=True):
                    target[...] = source[block]
            update = self._recorded(plain, now, part, numbers) if part.size == BLOCK else plain
            for target, result in zip(now, update(*now, part, *numbers), strict=True):
                if result is not target:
                    target[...] = result
        return results[0], dict(zip(slots, results[1:], strict=True))

    def _by_place(self, slots: list[str], scalars: list[str]) -> Update:
        """Return the rule as a function of parameter, slots, gradient and numbers."""

        def update(p: Array, *rest: Any) -> list[Array]:
            means, (g, *numbers) = rest[: len(slots)], rest[len(slots) :]
            named = dict(zip(scalars, numbers, strict=True))
            p, new = self.inner.rule(p, g, dict(zip(slots, means, strict=True)), **named)
            return [p, *(new[slot] for slot in slots)]

        return update

    def _recorded(
        self, update: Update, now: Sequence[Array], g: Array, numbers: Sequence[Any]
    ) -> Update:
        """Return the update of a whole block as its calls, written down once for each type."""
        key = g.dtype, *map(type, numbers)
        if key not in self.calls:
            self.calls[key] = quick(update, [a.copy() for a in now], g, *numbers)
        return self.calls[key]


def quick(update: Update, given: Sequence[Array], *others: Any) -> Update:
    """Return the update's calls, which write over the arrays `given`; itself where that fails."""
    try:
        calls = recorded(update, *given, *others, consumes=range(len(given)))
    except RecordingError:
        return update
    results = calls(*given, *others)
    for result, place in zip(results, given, strict=True):
        if any(np.shares_memory(result, a) for a in given if a is not place):
            return update  # a result that lies in another one's place would be lost
    return calls


def blockwise(optimizer: Optimizer) -> Blockwise | None:
    """Return the optimizer in blocks; None where it does not go entry by entry, or is a user's.

    >>> from chainrule.optimizers import SGD, Adam, Clipped
    >>> blockwise(Adam()).slots, blockwise(Clipped(SGD(0.1), norm=1.0))
    (('m', 'v'), None)
    """
    if not is_entrywise(optimizer) or not type(optimizer).__module__.startswith("chainrule."):
        return None
    assert isinstance(optimizer, Rule)
    return Blockwise(optimizer.learning_rate, inner=optimizer)
