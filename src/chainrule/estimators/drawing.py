"""What scikit-learn's generator decides: initial weights and the order of samples."""

from __future__ import annotations

from math import sqrt
from typing import Any
from zlib import crc32

import numpy as np

from chainrule.namespace import Array
from chainrule.tree import Tree


class ShuffledOrder:
    """Each epoch shuffles what the last one left, as scikit-learn does; drawn from `generator`."""

    def __init__(self, generator: Any, samples: int) -> None:
        self.generator, self.indices = generator, np.arange(samples)

    def __call__(self, epoch: int) -> Array:
        places = np.arange(len(self.indices))
        self.generator.shuffle(places)
        self.indices = self.indices[places]
        return self.indices


def initial_parameters(params: Tree, generator: Any, factor: float, dtype: str) -> Tree:
    """Return the parameters drawn anew, uniform in ±√(factor / (fan_in + fan_out)), biases too."""
    drawn: Tree = {}
    for name, leaves in params.items():
        drawn[name] = {}
        if "W" in leaves:
            bound = sqrt(factor / sum(leaves["W"].shape))
            for leaf in ("W", "b"):
                values = generator.uniform(-bound, bound, leaves[leaf].shape)
                drawn[name][leaf] = values.astype(dtype)
    return drawn


def seed_of(generator: Any) -> int:
    """Return a seed that the generator's state decides, without drawing from it."""
    _, keys, position, *_ = generator.get_state()
    return crc32(keys.tobytes(), position)
