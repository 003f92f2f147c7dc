"""Hold out a share of the samples for testing: seeded, and stratified for labels."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigurationError
from chainrule.randomness import permutation

Array = NDArray[Any]


def hold_out(
    n: int, share: float, *, seed: int = 0, labels: Array | None = None
) -> tuple[Array, Array]:
    """Return (training, test): two sorted index arrays that together are 0..n−1.

    The test part has round(share·n) samples, at least one, and leaves at least one to train on.
    With `labels` (n,), each class gives its share as nearly as whole numbers allow (largest
    remainders), so that a rare class is not lost to one side by chance.

    Raises `ConfigurationError` for a share outside (0, 1) and for n < 2.

    >>> train, test = hold_out(10, 0.2, labels=np.array([0, 1] * 5))
    >>> len(train), (test % 2).tolist().count(0)
    (8, 1)
    """
    if not 0 < share < 1:
        raise ConfigurationError(f"test share: expected a number between 0 and 1, got {share:g}")
    if n < 2:
        raise ConfigurationError(f"test share: {n} sample(s) cannot be split in two")
    size = min(max(round(share * n), 1), n - 1)
    order = permutation(seed, 0, n)
    groups = np.zeros(n, np.int64) if labels is None else labels
    classes, counts = np.unique(groups, return_counts=True)
    wanted = [size * int(count) / n for count in counts]
    taken = [floor(w) for w in wanted]
    by_remainder = sorted(range(len(classes)), key=lambda c: taken[c] - wanted[c])
    for c in by_remainder[: size - sum(taken)]:
        taken[c] += 1
    picked = [order[groups[order] == c][:t] for c, t in zip(classes, taken, strict=True)]
    test = np.sort(np.concatenate(picked))
    return np.setdiff1d(np.arange(n), test), test
