"""One device, or all that there are: each minibatch is spread over them, the rest lies on each.

XLA's partitioner does the work. The program is the one for a single device; its only mark is that
the minibatch's indices are spread over the mesh. From there the partitioner derives that samples,
activations and their gradients are spread as well, and adds the gradients of the parameters up
between the devices. So `BatchNorm` sees the whole minibatch, and a minibatch whose size is no
multiple of the devices is right, too. Several hosts that `jax.distributed` has joined are one mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from chainrule.namespace import Array

AXIS = "batch"


class Mesh:
    """The devices of a run. `device` is one of this process; `whole` is where replicas lie."""

    def __init__(self, devices: Sequence[Any]) -> None:
        own = [d for d in devices if d.process_index == jax.process_index()]
        self.device, self.size = own[0], len(devices)
        self.copies = len(own)  # of what lies on each device, in this process
        self.whole: Any = own[0]
        self.spread: Any = None
        if self.size > 1:
            sharding: Any = jax.sharding
            mesh = sharding.Mesh(np.array(devices), (AXIS,))
            self.whole = sharding.NamedSharding(mesh, sharding.PartitionSpec())
            self.spread = sharding.NamedSharding(mesh, sharding.PartitionSpec(AXIS))

    def put(self, tree: Any) -> Any:
        """Return arrays on each device; every host gives the same."""
        if self.copies == self.size:
            return jax.device_put(tree, self.whole)
        return jax.tree.map(self._everywhere, tree)

    def part(self, indices: Array) -> Array:
        """Mark a minibatch's indices as spread, while a program is traced."""
        if self.spread is None:
            return indices
        lax: Any = jax.lax
        return lax.with_sharding_constraint(indices, self.spread)

    def here(self, tree: Any) -> Any:
        """Return arrays that this process can compute with alone."""
        if self.copies == self.size:
            return tree
        return jax.tree.map(lambda leaf: leaf.addressable_data(0), tree)

    def samples(self, X: Array) -> Any:
        """Return samples spread over the devices, where their number allows it."""
        if self.spread is None or self.copies < self.size or len(X) % self.size:
            return X
        return jax.device_put(X, self.spread)

    def _everywhere(self, leaf: Any) -> Any:
        """Return an array on all hosts, without asking them whether it is the same."""
        array = np.asarray(leaf)
        return jax.make_array_from_callback(array.shape, self.whole, lambda part: array[part])
