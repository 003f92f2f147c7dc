"""A loss from two functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chainrule.errors import ConfigurationError
from chainrule.losses.base import Loss, Task
from chainrule.namespace import Array


@dataclass(frozen=True, repr=False, eq=False)
class CustomLoss(Loss):
    """Any function of outputs and targets, with its derivative written by hand.

        L = function(Z, Y)  (m,),    dL/dZ = derivative(Z, Y)  (m, k)

    Both use nothing but the arrays' own operators and `array_namespace(Z)`, if they are to run
    compiled. `targets` says what they are, see `Loss.task`. A function cannot be stored: to save
    a model, write a subclass of Loss with `per_sample`. The value is 1/m Σ L or Σ L.

    >>> import numpy as np
    >>> quartic = CustomLoss(lambda Z, Y: ((Z - Y)**4).sum(axis=1), lambda Z, Y: 4 * (Z - Y)**3)
    >>> value, dZ = quartic(np.array([[2.0]]), np.array([[0.0]]))
    >>> float(value), dZ
    (16.0, array([[32.]]))
    """

    function: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]
    targets: Task = field(default="regression", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("function", "derivative"):
            if not callable(getattr(self, name)):
                raise ConfigurationError(
                    f"CustomLoss: {name} must be a function of (Z, Y), got {getattr(self, name)!r}"
                )
        if self.targets not in ("regression", "binary", "classes"):
            raise ConfigurationError(
                f'CustomLoss: targets must be "regression", "binary" or "classes", '
                f"got {self.targets!r}"
            )

    @property
    def task(self) -> Task:  # type: ignore[override]
        """What the targets are."""
        return self.targets

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        return self.function(Z, Y), self.derivative(Z, Y)
