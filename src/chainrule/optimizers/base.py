"""The contract of an optimizer: pure functions of parameters, gradients and state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from chainrule.derivation import Formulas
from chainrule.description import Description
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array, array_namespace
from chainrule.tree import Tree, flatten

Slots = dict[str, Array]


@dataclass(frozen=True, repr=False, eq=False)
class Optimizer(Description):
    """Base of all optimizers: `Rule` is one rule for every parameter, `Wrapper` wraps another."""

    formulas: ClassVar[Formulas] = Formulas()

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the averages kept for each parameter."""
        return ()

    @abstractmethod
    def init(self, params: Tree) -> Tree:
        """Return the state before the first update."""

    @abstractmethod
    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        """Return the parameters and the state after one update; `step` counts from 0."""

    @abstractmethod
    def rate(self, step: Any) -> Any:
        """Return the learning rate of this step."""

    @abstractmethod
    def scaled(self, factor: Any) -> Self:
        """Return the same optimizer with its learning rate multiplied."""

    def weights(self, params: Tree, state: Tree) -> Tree:
        """Return the parameters to predict with: those that are trained, or an average of them."""
        return params

    def exchanged(self, state: Tree, leaves: Tree) -> Tree:
        """Return the state after some parameters (by dotted name) were set by hand."""
        return state


@dataclass(frozen=True, repr=False, eq=False)
class Rule(Optimizer):
    """An optimizer with one rule for every parameter: walks the tree, and hands each to `rule`.

    `learning_rate` is a number, or a schedule: any function of the step, see `schedules`.
    """

    learning_rate: float | Callable[[Any], Any] = 0.01
    # Whether `rule` treats each entry of p by itself, and slots have its shape: then an engine may
    # hand it several parameters as one vector, or transposed. Not inherited: each class says it
    # of its own rule.
    entrywise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        rate = self.learning_rate
        if not callable(rate) and not (isinstance(rate, int | float) and 0 < rate < float("inf")):
            raise ConfigurationError(
                f"{type(self).__name__}: learning_rate must be a positive number, got {rate!r}"
            )
        for name in ("momentum", "beta1", "beta2", "rho"):
            if not 0 <= getattr(self, name, 0) < 1:
                raise ConfigurationError(
                    f"{type(self).__name__}: {name} must be in [0, 1), got {getattr(self, name)!r}"
                )

    def init(self, params: Tree) -> Tree:
        """Return the state before the first update: zeros under each parameter's slots."""
        return {
            name: self.init(p) if isinstance(p, dict) else self.slots_of(p)
            for name, p in params.items()
        }

    def slots_of(self, p: Array) -> Slots:
        """Return one parameter's slots before the first update."""
        return {slot: array_namespace(p).zeros_like(p) for slot in self.slots}

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        leaves = flatten(gradients)
        if not leaves:
            return params, state
        g = next(iter(leaves.values()))
        xp, rate = array_namespace(g), self.rate(step)
        if type(rate) not in (int, float):  # a schedule's: np.float64 would widen float32
            rate = xp.asarray(rate, dtype=g.dtype)
        t = xp.asarray(step + 1, dtype=g.dtype)[()]  # on NumPy a number, quicker than an array
        return self._walk(params, gradients, state, self.scalars(t, rate))

    def rate(self, step: Any) -> Any:
        return self.learning_rate(step) if callable(self.learning_rate) else self.learning_rate

    def scaled(self, factor: Any) -> Self:
        return replace(self, learning_rate=lambda step: factor * self.rate(step))

    def scalars(self, t: Array, learning_rate: Any) -> Mapping[str, Any]:
        """Return the numbers of this update that all parameters share."""
        return {"learning_rate": learning_rate}

    def rule(self, p: Array, g: Array, slots: Slots, **scalars: Any) -> tuple[Array, Slots]:
        """Return the parameter and its slots after one update."""
        raise NotImplementedError

    def _walk(
        self, params: Tree, gradients: Tree, state: Tree, scalars: Mapping[str, Any]
    ) -> tuple[Tree, Tree]:
        new_params, new_state = dict(params), dict(state)
        for name, g in gradients.items():
            step = self._walk if isinstance(g, dict) else self._apply
            new_params[name], new_state[name] = step(params[name], g, state[name], scalars)
        return new_params, new_state

    def _apply(
        self, p: Array, g: Array, slots: Slots, scalars: Mapping[str, Any]
    ) -> tuple[Array, Slots]:
        return self.rule(p, g, slots, **scalars)


def is_entrywise(optimizer: Optimizer) -> bool:
    """Say whether an update of each entry depends on that entry alone; see `Rule.entrywise`.

    >>> from chainrule.optimizers import SGD, Clipped
    >>> is_entrywise(SGD(0.1)), is_entrywise(Clipped(SGD(0.1), norm=1.0))
    (True, False)
    """
    return isinstance(optimizer, Rule) and vars(type(optimizer)).get("entrywise", False)
