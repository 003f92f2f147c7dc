"""One row of the table of example layers: a layer, and the same function written in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from arrays import as_type, away_from_zero, locked
from chainrule.layers.base import initialize
from chainrule.randomness import Rng


@dataclass(frozen=True)
class Example:
    """A layer, the shape of one sample, and the same function written in PyTorch.

    `oracle(torch, p, X)` gets the parameters by dotted name. A layer that is not `analytic` has
    kinks or branches, where complex step does not apply; one that is not `rowwise` looks at the
    whole batch. `inputs(m)` are the samples where not any numbers will do; `seen` are those that
    an input layer has learnt from.
    """

    layer: cr.Layer
    shape: tuple[int, ...]
    oracle: Callable[[Any, dict[str, Any], Any], Any]
    analytic: bool = True
    training: bool = False
    rowwise: bool = True
    inputs: Callable[[int], Any] | None = None
    seen: Any = None

    def __str__(self) -> str:
        mode = "-training" if self.training else ""
        return f"{self.layer!r}-{'x'.join(map(str, self.shape))}{mode}"

    def parameters(self, dtype: str = "float64") -> Any:
        """Return parameters with no zero among them, so that every term of a formula counts."""
        drawn = self.layer.init(self.shape, seed=3, dtype="float64")
        return as_type(_shifted(drawn), dtype)

    def samples(self, m: int = 4, dtype: str = "float64") -> Any:
        """Return m samples."""
        if self.inputs is not None:
            return self.inputs(m).astype(dtype)
        return away_from_zero((m, *self.shape), seed=5, dtype=dtype)

    def context(self, m: int = 4, dtype: str = "float64", first: int = 0) -> cr.Context:
        """Return what a pass of these samples gets besides them; they are m rows of a batch."""
        state = initialize(self.layer.running(self.shape), Rng(0), dtype)
        if self.seen is not None:
            state = self.layer.adapt(state, self.seen.astype(dtype))
        elif state:  # running numbers as they may be in the middle of a training
            state = {name: abs(array + 0.25) for name, array in state.items()}
        rows = np.arange(first, first + m, dtype=np.uint32)
        return cr.Context(self.training, Rng(9, 2, rows).at("1"), locked(state))


def _shifted(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _shifted(entry) for name, entry in tree.items()}
    return tree + away_from_zero(tree.shape, seed=tree.size) / 4
