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
        for start in range(0, p.size, BLOCK):
            block = slice(start, start + BLOCK)
            now = [a[block] for a in targets]
            if not self.owned:
                for target, source in zip(now, sources, strict=True):
                    target[...] = source[block]
            update = self._update(now, g[block], scalars, list(slots))
            for target, result in zip(now, update(*now, g[block], *scalars.values()), strict=True):
                if result is not target:
                    target[...] = result
        return results[0], dict(zip(slots, results[1:], strict=True))

    def _update(
        self, now: Sequence[Array], g: Array, scalars: Mapping[str, Any], slots: Sequence[str]
    ) -> Update:
        """Return the rule as a function of parameter, slots, gradient and numbers, by place.

        For a whole block it is recorded, and writes over parameter and slots.
        """

        def update(p: Array, *rest: Any) -> list[Array]:
            means, (g, *numbers) = rest[: len(slots)], rest[len(slots) :]
            named = dict(zip(scalars, numbers, strict=True))
            p, new = self.inner.rule(p, g, dict(zip(slots, means, strict=True)), **named)
            return [p, *(new[slot] for slot in slots)]

        if g.size < BLOCK:
            return update
        key = g.dtype, *(type(value) for value in scalars.values())
        if key not in self.calls:
            self.calls[key] = quick(update, [a.copy() for a in now], g, *scalars.values())
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
