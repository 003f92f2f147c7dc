"""The one table of example optimizers, each beside PyTorch's. A new one adds its row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import chainrule as cr


@dataclass(frozen=True)
class Example:
    """An optimizer, and `oracle(torch, parameters)` that makes PyTorch's."""

    optimizer: cr.Optimizer
    oracle: Callable[[Any, Any], Any]

    def __str__(self) -> str:
        return repr(self.optimizer)


OPTIMIZERS = [
    Example(cr.SGD(0.1), lambda torch, p: torch.optim.SGD(p, lr=0.1)),
    Example(cr.SGD(0.05, momentum=0.9), lambda torch, p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    Example(
        cr.SGD(0.05, momentum=0.8, nesterov=True),
        lambda torch, p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
    ),
    Example(cr.RMSProp(), lambda torch, p: torch.optim.RMSprop(p, lr=0.001, alpha=0.99, eps=1e-8)),
    Example(
        cr.RMSProp(0.02, rho=0.9, eps=1e-6),
        lambda torch, p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-6),
    ),
    Example(cr.Adam(), lambda torch, p: torch.optim.Adam(p, lr=0.001)),
    Example(
        cr.Adam(0.05, beta1=0.8, beta2=0.95, eps=1e-4),
        lambda torch, p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-4),
    ),
    Example(cr.Adam(0.01, beta1=0.0), lambda t, p: t.optim.Adam(p, lr=0.01, betas=(0.0, 0.999))),
    Example(cr.AdamW(), lambda torch, p: torch.optim.AdamW(p, lr=0.001, weight_decay=0.01)),
    Example(
        cr.AdamW(0.02, weight_decay=0.3),
        lambda torch, p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.3),
    ),
    Example(
        cr.RMSProp(0.01, rho=0.9, momentum=0.8),
        lambda torch, p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.8),
    ),
    Example(
        cr.RMSProp(0.002, centred=True),
        lambda torch, p: torch.optim.RMSprop(p, lr=0.002, centered=True),
    ),
    Example(
        cr.RMSProp(0.002, rho=0.8, momentum=0.5, centred=True),
        lambda torch, p: torch.optim.RMSprop(p, lr=0.002, alpha=0.8, momentum=0.5, centered=True),
    ),
    Example(cr.AdaGrad(), lambda torch, p: torch.optim.Adagrad(p)),
    Example(cr.AdaGrad(0.3, eps=1e-3), lambda t, p: t.optim.Adagrad(p, lr=0.3, eps=1e-3)),
    Example(cr.AdaDelta(), lambda torch, p: torch.optim.Adadelta(p)),
    Example(
        cr.AdaDelta(0.5, rho=0.8, eps=1e-3),
        lambda torch, p: torch.optim.Adadelta(p, lr=0.5, rho=0.8, eps=1e-3),
    ),
    Example(cr.NAdam(), lambda torch, p: torch.optim.NAdam(p)),
    Example(
        cr.NAdam(0.05, beta1=0.7, beta2=0.9, momentum_decay=0.02),
        lambda torch, p: torch.optim.NAdam(p, lr=0.05, betas=(0.7, 0.9), momentum_decay=0.02),
    ),
    Example(cr.RAdam(), lambda torch, p: torch.optim.RAdam(p)),
    Example(
        cr.RAdam(0.05, beta1=0.8, beta2=0.9, eps=1e-4),
        lambda torch, p: torch.optim.RAdam(p, lr=0.05, betas=(0.8, 0.9), eps=1e-4),
    ),
]
