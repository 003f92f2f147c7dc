"""A penalty on large weights that is part of the loss, and not of the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.description import Description
from chainrule.errors import ConfigurationError
from chainrule.namespace import array_namespace
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class SquaredWeights(Description):
    """½ α Σ W² / s added to a minibatch's loss, where s is the weight of its samples together.

        J ← J + α / (2 s) Σ_W Σ_ij w_ij²,    dW ← dW + α / s · W

    Every parameter called W counts, no bias does. Dividing by s makes the sum over an epoch that of
    all samples' losses plus one penalty for each minibatch. Source: Hoerl and Kennard,
    Technometrics 12 (1970), as ridge regression.

    >>> import numpy as np
    >>> W = {"W": np.array([2.0])}
    >>> value, gradients = SquaredWeights(0.5)(W, {"W": np.array([1.0])}, 3.0, 2)
    >>> float(value), gradients["W"]
    (3.5, array([1.5]))
    """

    alpha: float

    def __post_init__(self) -> None:
        if not 0 <= self.alpha < float("inf"):
            raise ConfigurationError(f"SquaredWeights: alpha must be 0 or more, got {self.alpha!r}")

    def __call__(
        self, params: Mapping[str, Any], gradients: Tree, value: Any, weight: Any
    ) -> tuple[Any, Tree]:
        """Return the loss's value and the gradients with the penalty in them."""
        moved: Tree = {}
        for name, g in gradients.items():
            if isinstance(g, dict):
                value, moved[name] = self(params[name], g, value, weight)
            elif name == "W":
                W = params[name]
                xp, factor = array_namespace(W), self.alpha / weight
                if type(factor) is not float:  # a Python number does not widen float32
                    factor = xp.asarray(factor, dtype=W.dtype)
                value = value + 0.5 * factor * xp.vdot(W, W)
                moved[name] = g + factor * W
            else:
                moved[name] = g
        return value, moved
