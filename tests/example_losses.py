"""The one table of example losses. A new loss adds its row here and is tested all round.

`oracle(torch, Z, Y)` is L, one number per sample, written in PyTorch's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr

M, K = 5, 3


@dataclass(frozen=True)
class Example:
    """A loss, and its value per sample in PyTorch."""

    loss: cr.Loss
    oracle: Callable[[Any, Any, Any], Any]

    def __str__(self) -> str:
        return repr(self.loss)

    @property
    def takes_probabilities(self) -> bool:
        return isinstance(self.loss, cr.BinaryCrossEntropy | cr.CrossEntropy)

    def outputs(self, m: int = M, dtype: str = "float64", seed: int = 1) -> Any:
        """Return a network's outputs (m, 3): probabilities for the losses that take them."""
        Z = np.random.default_rng(seed).normal(size=(m, K))
        if isinstance(self.loss, cr.BinaryCrossEntropy):
            Z = 1 / (1 + np.exp(-Z))
        elif isinstance(self.loss, cr.CrossEntropy):
            Z = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        return Z.astype(dtype)

    def targets(self, m: int = M, dtype: str = "float64") -> dict[str, Any]:
        """Return every kind of targets that the loss takes, by name."""
        generator = np.random.default_rng(2)
        labels = generator.integers(0, K, m)
        hot = np.eye(K, dtype=dtype)[labels]
        soft = generator.dirichlet(np.ones(K), m).astype(dtype)
        if self.loss.task == "regression":
            values = generator.normal(size=(m, K)).astype(dtype)
            return {"values": values, "labels": labels, "one-hot": hot}
        if self.loss.task == "binary":
            flags = generator.integers(0, 2, (m, K)).astype(dtype)
            return {"flags": flags, "soft": generator.uniform(0, 1, (m, K)).astype(dtype)}
        return {"labels": labels, "one-hot": hot, "soft": soft, "masses": 2 * soft}


def squared(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.mse_loss(Z, Y, reduction="none").sum(1)


def binary(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy(Z, Y, reduction="none").sum(1)


def binary_on_logits(torch: Any, Z: Any, Y: Any) -> Any:
    f = torch.nn.functional.binary_cross_entropy_with_logits
    return f(Z, Y, reduction="none").sum(1)


def categorical(torch: Any, Z: Any, Y: Any) -> Any:
    return -(Y * torch.log(Z)).sum(1)


def categorical_on_logits(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.cross_entropy(Z, Y, reduction="none")


LOSSES = [
    Example(cr.SquaredError(), lambda torch, Z, Y: squared(torch, Z, Y) / 2),
    Example(cr.SquaredError("half", reduction="sum"), lambda t, Z, Y: squared(t, Z, Y) / 2),
    Example(cr.SquaredError("sum"), squared),
    Example(cr.SquaredError("sum", reduction="sum"), squared),
    Example(cr.SquaredError("mean"), lambda torch, Z, Y: squared(torch, Z, Y) / K),
    Example(cr.SquaredError("mean", reduction="sum"), lambda t, Z, Y: squared(t, Z, Y) / K),
    Example(cr.BinaryCrossEntropy(), binary),
    Example(cr.BinaryCrossEntropy(reduction="sum"), binary),
    Example(cr.SigmoidCrossEntropy(), binary_on_logits),
    Example(cr.SigmoidCrossEntropy(reduction="sum"), binary_on_logits),
    Example(cr.CrossEntropy(), categorical),
    Example(cr.CrossEntropy(reduction="sum"), categorical),
    Example(cr.SoftmaxCrossEntropy(), categorical_on_logits),
    Example(cr.SoftmaxCrossEntropy(reduction="sum"), categorical_on_logits),
]
CASES = [(example, kind) for example in LOSSES for kind in example.targets()]
