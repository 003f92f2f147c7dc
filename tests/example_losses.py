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
    """A loss, and its value per sample in PyTorch; not `analytic` where it has kinks."""

    loss: cr.Loss
    oracle: Callable[[Any, Any, Any], Any]
    analytic: bool = True

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


def standardized(shift: float, spread: float) -> Callable[[Any, Any, Any], Any]:
    return lambda torch, Z, Y: squared(torch, Z, (Y - shift) / spread) / 2


def binary(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy(Z, Y, reduction="none").sum(1)


def binary_on_logits(torch: Any, Z: Any, Y: Any) -> Any:
    f = torch.nn.functional.binary_cross_entropy_with_logits
    return f(Z, Y, reduction="none").sum(1)


def categorical(torch: Any, Z: Any, Y: Any) -> Any:
    return -(Y * torch.log(Z)).sum(1)


def categorical_on_logits(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.cross_entropy(Z, Y, reduction="none")


def absolute(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.l1_loss(Z, Y, reduction="none").mean(1)


def huber(delta: float) -> Any:
    def oracle(torch: Any, Z: Any, Y: Any) -> Any:
        return torch.nn.functional.huber_loss(Z, Y, reduction="none", delta=delta).sum(1)

    return oracle


def log_cosh(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.log(torch.cosh(Z - Y)).sum(1)


def poisson(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.poisson_nll_loss(Z, Y, reduction="none").sum(1)


def hinge(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.clamp(1 - (2 * Y - 1) * Z, min=0).sum(1)


def divergence(torch: Any, Z: Any, Y: Any) -> Any:
    return torch.nn.functional.kl_div(Z, Y, reduction="none").sum(1)


def smoothed(smoothing: float) -> Any:
    """PyTorch smooths as if every row summed to 1; here the sum stays what it is."""

    def oracle(torch: Any, Z: Any, Y: Any) -> Any:
        mass = Y.sum(1)
        f = torch.nn.functional.cross_entropy
        return mass * f(Z, Y / mass[:, None], reduction="none", label_smoothing=smoothing)

    return oracle


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
    Example(cr.SoftmaxCrossEntropy(0.1), smoothed(0.1)),
    Example(cr.SoftmaxCrossEntropy(0.3, reduction="sum"), smoothed(0.3)),
    Example(cr.KLDivergence(), divergence),
    Example(cr.KLDivergence(reduction="sum"), divergence),
    Example(cr.Hinge(), hinge, analytic=False),
    Example(cr.Hinge(reduction="sum"), hinge, analytic=False),
    Example(cr.AbsoluteError(), absolute, analytic=False),
    Example(cr.AbsoluteError(reduction="sum"), absolute, analytic=False),
    Example(cr.AbsoluteError("sum"), lambda t, Z, Y: K * absolute(t, Z, Y), analytic=False),
    Example(cr.Huber(), huber(1.0), analytic=False),
    Example(cr.Huber(0.3, reduction="sum"), huber(0.3), analytic=False),
    Example(cr.LogCosh(), log_cosh),
    Example(cr.LogCosh(reduction="sum"), log_cosh),
    Example(cr.StandardizedSquaredError(2.0, 3.0), standardized(2.0, 3.0)),
    Example(cr.StandardizedSquaredError(-1.0, 0.5, reduction="sum"), standardized(-1.0, 0.5)),
    Example(cr.Poisson(), poisson),
    Example(cr.Poisson(reduction="sum"), poisson),
]
CASES = [(example, kind) for example in LOSSES for kind in example.targets()]
