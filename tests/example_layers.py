"""The one table of example layers. A new layer adds its row here and is tested all round.

`oracle(torch, p, X)` is the same layer in PyTorch, `p` the parameters by dotted name. A layer that
is not `analytic` has kinks or branches, where complex step does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import chainrule as cr
from arrays import as_type, away_from_zero


@dataclass(frozen=True)
class Example:
    """A layer, the shape of one sample, and the same function written in PyTorch."""

    layer: cr.Layer
    shape: tuple[int, ...]
    oracle: Callable[[Any, dict[str, Any], Any], Any]
    analytic: bool = True

    def __str__(self) -> str:
        return f"{self.layer!r}-{'x'.join(map(str, self.shape))}"

    def parameters(self, dtype: str = "float64") -> Any:
        """Return parameters with no zero among them, so that every term of a formula counts."""
        drawn = self.layer.init(self.shape, seed=3, dtype="float64")
        return as_type(_shifted(drawn), dtype)

    def samples(self, m: int = 4, dtype: str = "float64") -> Any:
        """Return m samples."""
        return away_from_zero((m, *self.shape), seed=5, dtype=dtype)


def _shifted(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _shifted(entry) for name, entry in tree.items()}
    return tree + away_from_zero(tree.shape, seed=tree.size) / 4


def linear(torch: Any, p: Any, X: Any, prefix: str = "") -> Any:
    return torch.nn.functional.linear(X, p[f"{prefix}W"].T, p[f"{prefix}b"])


def classifier(torch: Any, p: Any, X: Any) -> Any:
    hidden = torch.relu(linear(torch, p, X.flatten(1) / 4, "2."))
    return torch.softmax(linear(torch, p, hidden, "4."), -1)


def nested(torch: Any, p: Any, X: Any) -> Any:
    hidden = torch.tanh(linear(torch, p, X, "0.0."))
    return torch.sigmoid(linear(torch, p, torch.tanh(linear(torch, p, hidden, "1.")), "2.1."))


LAYERS = [
    Example(cr.Dense(3), (5,), linear),
    Example(cr.Dense(1), (1,), linear),
    Example(cr.Dense(4, cr.Normal(0.5), bias_initializer=cr.Uniform(-1, 1)), (4,), linear),
    Example(cr.Identity(), (4,), lambda torch, p, X: X),
    Example(cr.Sigmoid(), (4,), lambda torch, p, X: torch.sigmoid(X)),
    Example(cr.Sigmoid(), (2, 3, 2), lambda torch, p, X: torch.sigmoid(X)),
    Example(cr.Tanh(), (4,), lambda torch, p, X: torch.tanh(X)),
    Example(cr.ReLU(), (6,), lambda torch, p, X: torch.relu(X), analytic=False),
    Example(
        cr.LeakyReLU(),
        (6,),
        lambda torch, p, X: torch.nn.functional.leaky_relu(X, 0.01),
        analytic=False,
    ),
    Example(
        cr.LeakyReLU(0.2),
        (2, 3),
        lambda torch, p, X: torch.nn.functional.leaky_relu(X, 0.2),
        analytic=False,
    ),
    Example(cr.Softmax(), (5,), lambda torch, p, X: torch.softmax(X, -1)),
    Example(cr.Scale(1 / 255), (4,), lambda torch, p, X: X / 255),
    Example(cr.Scale(-2), (2, 3), lambda torch, p, X: X * -2),
    Example(cr.Flatten(), (4,), lambda torch, p, X: X.flatten(1)),
    Example(cr.Flatten(), (2, 3, 2), lambda torch, p, X: X.flatten(1)),
    Example(cr.Sequential(), (3,), lambda torch, p, X: X),
    Example(
        cr.Sequential(
            cr.Flatten(), cr.Scale(0.25), cr.Dense(5), cr.ReLU(), cr.Dense(3), cr.Softmax()
        ),
        (2, 3),
        classifier,
        analytic=False,
    ),
    Example(
        cr.Sequential(
            cr.Sequential(cr.Dense(4), cr.Tanh()),
            cr.Dense(3),
            cr.Sequential(cr.Tanh(), cr.Dense(2), cr.Sigmoid()),
        ),
        (3,),
        nested,
    ),
]
