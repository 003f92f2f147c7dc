"""Rows of the table of example layers: activations."""

from __future__ import annotations

from typing import Any

import chainrule as cr
from example_layer import Example


def function(name: str, *arguments: Any, **options: Any) -> Any:
    """Return the oracle that applies a function of torch.nn.functional."""
    return lambda torch, p, X: getattr(torch.nn.functional, name)(X, *arguments, **options)


def prelu(torch: Any, p: Any, X: Any) -> Any:
    return torch.where(X > 0, X, p["a"] * X)


LAYERS = [
    Example(cr.ELU(), (6,), function("elu"), analytic=False),
    Example(cr.ELU(0.5), (2, 3), function("elu", 0.5), analytic=False),
    Example(cr.SELU(), (6,), function("selu"), analytic=False),
    Example(cr.Clip(-0.5, 0.75), (6,), function("hardtanh", -0.5, 0.75), analytic=False),
    Example(cr.PReLU(), (4,), prelu, analytic=False),
    Example(cr.PReLU(0.1), (2, 3, 4), prelu, analytic=False),
    Example(
        cr.PReLU(shared=True),
        (3, 2),
        lambda torch, p, X: torch.nn.functional.prelu(X, p["a"]),
        analytic=False,
    ),
    Example(cr.GELU(), (5,), function("gelu")),
    Example(cr.GELU(approximate=True), (5,), function("gelu", approximate="tanh")),
    Example(cr.SiLU(), (5,), function("silu")),
    Example(cr.Mish(), (5,), function("mish")),
    Example(cr.Softplus(), (5,), function("softplus")),
    Example(cr.Softsign(), (5,), function("softsign"), analytic=False),
    Example(cr.LogSoftmax(), (5,), function("log_softmax", -1)),
    Example(cr.LogSoftmax(), (2, 3), function("log_softmax", -1)),
]
