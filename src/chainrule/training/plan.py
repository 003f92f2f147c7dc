"""Which samples, in which order, in minibatches of which size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.namespace import Array
from chainrule.randomness import permutation


@dataclass(frozen=True)
class Plan:
    """The minibatches of every epoch; the order of samples is a function of (seed, epoch).

    Or of the epoch alone, where `order` gives it from outside; it is asked once for each epoch.

    >>> [block.shape for block in Plan(samples=10, batch_size=4, seed=0).blocks(0)]
    [(2, 4), (1, 2)]
    """

    samples: int
    batch_size: int
    seed: int
    shuffle: bool = True
    order: Callable[[int], Array] | None = None

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigurationError(f"batch_size must be at least 1, got {self.batch_size}")

    @classmethod
    def of(cls, samples: int, batch_size: int | None, seed: int, shuffle: bool) -> Plan:
        """Return the plan for a `batch_size` that may be None, or larger than the data.

        >>> Plan.of(10, None, seed=0, shuffle=True).batch_size
        10
        """
        size = samples if batch_size is None else min(batch_size, samples)
        return cls(samples, size, seed, shuffle)

    def blocks(self, epoch: int) -> Iterator[Array]:
        """Yield index arrays (steps, size): the full minibatches, then the smaller last one."""
        if self.order is not None:
            order = self.order(epoch)
        elif self.shuffle:
            order = permutation(self.seed, epoch, self.samples)
        else:
            order = np.arange(self.samples)
        yield from self.cut(order)

    def cut(self, order: Array) -> Iterator[Array]:
        """Yield the blocks of one epoch whose samples come in this order."""
        full = self.samples // self.batch_size * self.batch_size
        if full:
            yield order[:full].reshape(-1, self.batch_size)
        if full < self.samples:
            yield order[full:][None]


FEW = 4


class Pace:
    """How many steps make a chunk: as many as fit into a fifth of a second; of slow ones, a few.

    The bar then moves about five times a second, and Ctrl-C answers at once. A compiled chunk
    copies the state, which is felt where the network is large: FEW slow steps go together, as far
    as they fit into twice that time, and what is left of an epoch is shared out evenly. A chunk
    also ends wherever the count of steps, `taken` of which lie behind, is a multiple of one of
    `pauses`. Processes that train together must take the same number: `agreed` returns it. The
    first chunk is one step, unless it is known how many seconds `each` takes.
    """

    def __init__(
        self,
        fixed: int | None = None,
        seconds: float = 0.2,
        taken: int = 0,
        pauses: Sequence[int] = (),
        agreed: Callable[[int], int] = lambda steps: steps,
        each: float | None = None,
    ) -> None:
        self.seconds, self.fixed, self.taken, self.pauses = seconds, fixed, taken, pauses
        self.agreed = agreed
        self.steps = fixed or (1 if each is None else self.fitting(each))
        self.started = 0.0

    def next(self, left: int) -> int:
        """Return how many of the `left` steps the next chunk takes, and start its clock."""
        self.started = perf_counter()
        steps = self.steps if self.fixed else -(-left // -(-left // self.steps))
        steps = self.agreed(min([steps, *(p - self.taken % p for p in self.pauses)]))
        return min(steps, left)

    def done(self, steps: int) -> None:
        """Learn from the chunk that has just ended; the next is at most ten times as long."""
        self.taken += steps
        if self.fixed is None:
            each = (perf_counter() - self.started) / steps
            self.steps = min(self.fitting(each), 10 * self.steps)

    def fitting(self, each: float) -> int:
        """Return how many steps make a chunk, if each takes so many seconds."""
        fit = self.seconds / max(each, 1e-9)
        return max(1, int(fit) if fit > FEW else min(FEW, int(2 * fit)))


def split(samples: int, share: float, seed: int) -> tuple[Array, Array]:
    """Return (training, validation) indices, each in ascending order; drawn by the seed.

    >>> [len(part) for part in split(10, 0.2, seed=0)]
    [8, 2]
    """
    if not 0 < share < 1:
        raise ConfigurationError(f"validation_split must be between 0 and 1, got {share}")
    held_out = round(samples * share)
    if not 0 < held_out < samples:
        raise ConfigurationError(
            f"validation_split={share} of {samples} samples leaves an empty part"
        )
    order = permutation(seed, -1 & 0xFFFFFFFF, samples)
    return np.sort(order[held_out:]), np.sort(order[:held_out])
