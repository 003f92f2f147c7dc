"""An optimizer around another one: what it does to gradients, parameters or steps is written once.

    Averaged(Clipped(Decayed(SGD(0.1, momentum=0.9), l2=1e-4), global_norm=1.0), decay=0.999)

The innermost takes the step; the outer ones come first for gradients, last for parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.optimizers.base import Optimizer
from chainrule.tree import Tree


@dataclass(frozen=True, repr=False, eq=False)
class Wrapper(Optimizer):
    """Base: passes everything on."""

    optimizer: Optimizer

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise ConfigurationError(
                f"{type(self).__name__}: optimizer must be an Optimizer, got {self.optimizer!r}"
            )

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines of the optimizer inside."""
        return self.optimizer.formulas

    @property
    def slots(self) -> tuple[str, ...]:
        return self.optimizer.slots

    def init(self, params: Tree) -> Tree:
        return self.optimizer.init(params)

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        return self.optimizer.update(params, gradients, state, step)

    def rate(self, step: Any) -> Any:
        return self.optimizer.rate(step)

    def scaled(self, factor: Any) -> Self:
        return replace(self, optimizer=self.optimizer.scaled(factor))

    def weights(self, params: Tree, state: Tree) -> Tree:
        return self.optimizer.weights(params, state)

    def exchanged(self, state: Tree, leaves: Tree) -> Tree:
        return self.optimizer.exchanged(state, leaves)

    def require(self, name: str, good: bool, what: str) -> None:
        """Raise ConfigurationError for a field whose value is not good."""
        if not good:
            raise ConfigurationError(
                f"{type(self).__name__}: {name} must be {what}, got {getattr(self, name)!r}"
            )
