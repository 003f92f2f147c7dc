"""Rows of the table of example layers: normalization, dropout, embedding, branches, at the door."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from arrays import away_from_zero
from chainrule.randomness import Rng
from example_layer import Example


def batch_norm(training: bool, eps: float = 1e-5) -> Any:
    def oracle(torch: Any, p: Any, X: Any) -> Any:
        c = X.shape[-1]
        # The state of Example.context: mean 0 and variance 1, each moved by a quarter.
        state = torch.full((c,), 0.25, dtype=X.dtype), torch.full((c,), 1.25, dtype=X.dtype)
        Y = torch.nn.functional.batch_norm(
            X.movedim(-1, 1), *state, p["gamma"], p["beta"], training, 0.1, eps
        )
        return Y.movedim(1, -1)

    return oracle


def layer_norm(torch: Any, p: Any, X: Any) -> Any:
    return torch.nn.functional.layer_norm(X, X.shape[-1:], p["gamma"], p["beta"])


def dropped(rate: float) -> Any:
    """PyTorch draws other masks: its rule, applied to this one."""

    def oracle(torch: Any, p: Any, X: Any) -> Any:
        rng = Rng(9, 2, np.arange(len(X), dtype=np.uint32)).at("1")
        kept = torch.tensor(rng.uniform(tuple(X.shape)) >= rate)
        return torch.where(kept, X / (1 - rate), torch.zeros_like(X))

    return oracle


def tokens(m: int) -> Any:
    return np.arange(m * 3).reshape(m, 3) % 5


def codes(m: int) -> Any:
    return np.array([[7.0, -1.0], [3.0, 5.0], [3.0, 0.5], [9.0, 5.0]])[:m]


def hot(torch: Any, p: Any, X: Any) -> Any:
    values = torch.tensor([[3.0, 7.0, 8.0, 9.0], [-1.0, 0.5, 5.0, np.inf]])
    return (X[:, :, None] == values).to(X.dtype).flatten(1) + 0 * X.sum()


def scaled(torch: Any, X: Any, shift: Any, spread: Any) -> Any:
    return (X - torch.tensor(shift)) / torch.tensor(spread)


def linear(torch: Any, p: Any, X: Any, prefix: str = "") -> Any:
    return torch.nn.functional.linear(X, p[f"{prefix}W"].T, p[f"{prefix}b"])


SEEN = away_from_zero((9, 3), seed=12)
SEEN_IMAGES = away_from_zero((5, 2, 3), seed=13)
SEEN_CODES = np.array([[3.0, 5.0], [9.0, 0.5], [8.0, -1.0], [7.0, 5.0]])

LAYERS = [
    Example(cr.BatchNorm(), (3,), batch_norm(False)),
    Example(cr.BatchNorm(), (2, 2, 3), batch_norm(False)),
    Example(cr.BatchNorm(), (3,), batch_norm(True), training=True, rowwise=False),
    Example(
        cr.BatchNorm(0.3, eps=1e-2), (4,), batch_norm(True, 1e-2), training=True, rowwise=False
    ),
    Example(cr.BatchNorm(), (2, 2, 3), batch_norm(True), training=True, rowwise=False),
    Example(cr.BatchNorm(), (5, 2), batch_norm(True), training=True, rowwise=False),
    Example(cr.LayerNorm(), (5,), layer_norm),
    Example(cr.LayerNorm(), (2, 3, 4), layer_norm),
    Example(cr.Dropout(), (4,), lambda torch, p, X: X),
    Example(cr.Dropout(0.3), (5,), dropped(0.3), training=True),
    Example(cr.Dropout(), (3, 2, 2), dropped(0.5), training=True),
    Example(cr.Dropout(0), (4,), lambda torch, p, X: X, training=True),
    Example(
        cr.Embedding(5, 2),
        (3,),
        lambda torch, p, X: torch.nn.functional.embedding(X.long(), p["W"]) + 0 * X.sum(),
        analytic=False,
        inputs=tokens,
    ),
    Example(
        cr.Standardize(),
        (3,),
        lambda torch, p, X: scaled(torch, X, SEEN.mean(0), SEEN.std(0)),
        seen=SEEN,
    ),
    Example(
        cr.Standardize(),
        (2, 3),
        lambda torch, p, X: scaled(torch, X, SEEN_IMAGES.mean((0, 1)), SEEN_IMAGES.std((0, 1))),
        seen=SEEN_IMAGES,
    ),
    Example(
        cr.Normalize(),
        (3,),
        lambda torch, p, X: scaled(torch, X, SEEN.min(0), np.ptp(SEEN, 0)),
        seen=SEEN,
    ),
    Example(cr.OneHot(4), (2,), hot, analytic=False, inputs=codes, seen=SEEN_CODES),
    Example(
        cr.Residual(cr.Dense(3), cr.Tanh()),
        (3,),
        lambda torch, p, X: X + torch.tanh(linear(torch, p, X, "0.")),
    ),
    Example(
        cr.Sum(cr.Identity(), cr.Dense(3), cr.Sequential(cr.Tanh(), cr.Dense(3))),
        (3,),
        lambda torch, p, X: X + linear(torch, p, X, "1.") + linear(torch, p, torch.tanh(X), "2.1."),
    ),
    Example(
        cr.Concatenate(cr.Dense(2), cr.Tanh(), cr.Dense(1)),
        (3,),
        lambda torch, p, X: torch.cat(
            [linear(torch, p, X, "0."), torch.tanh(X), linear(torch, p, X, "2.")], -1
        ),
    ),
    Example(
        cr.Concatenate(cr.Scale(2.0), cr.Sigmoid()),
        (2, 3),
        lambda torch, p, X: torch.cat([2 * X, torch.sigmoid(X)], -1),
    ),
    Example(cr.Shared("trunk", cr.Dense(3)), (4,), linear),
]
