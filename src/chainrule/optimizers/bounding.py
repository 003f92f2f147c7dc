"""Wrappers that keep gradients and parameters small."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from fnmatch import fnmatchcase
from functools import reduce
from operator import add
from typing import Any

from chainrule.errors import ConfigurationError
from chainrule.namespace import Array, array_namespace
from chainrule.optimizers.wrapper import Wrapper
from chainrule.tree import Tree, flatten, map_leaves
from chainrule.tree import replace as exchange

WEIGHTS = ("W", "*.W")  # every W, no bias


def norm(arrays: list[Array]) -> Array:
    """Return the square root of the sum of all squared entries."""
    return array_namespace(arrays[0]).sqrt(reduce(add, [(g * g).sum() for g in arrays]))


def shortened(g: Array, length: Any, limit: Any) -> Array:
    """Return g times limit / length, where length is beyond the limit."""
    xp = array_namespace(g)
    return g * (limit / xp.maximum(length, limit))


@dataclass(frozen=True, repr=False, eq=False)
class Clipped(Wrapper):
    """Gradients that are too large are cut back, in one of three ways.

    | value=c       | each entry to [−c, c]                                        |
    | norm=c        | each parameter's gradient to g · c/‖g‖ where ‖g‖ > c         |
    | global_norm=c | all together to g · c/‖all g‖ where ‖all g‖ > c              |

    Source: Pascanu, Mikolov and Bengio, ICML 2013, algorithm 1.

    >>> import numpy as np
    >>> from chainrule.optimizers import SGD
    >>> clipped, params = Clipped(SGD(1.0), global_norm=1.0), {"W": np.zeros(2)}
    >>> clipped.update(params, {"W": np.array([3.0, 4.0])}, {"W": {}}, 0)[0]["W"]
    array([-0.6, -0.8])
    """

    _: KW_ONLY
    value: float | None = None
    norm: float | None = None
    global_norm: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [n for n in ("value", "norm", "global_norm") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ConfigurationError(
                f"Clipped: give one of value, norm and global_norm, got {given or 'none'}; "
                f"wrap twice for two"
            )
        self.require(given[0], getattr(self, given[0]) > 0, "above 0")

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        leaves = list(flatten(gradients).values())
        if not leaves:
            return params, state
        everything = norm(leaves) if self.global_norm is not None else None

        def cut(g: Array) -> Array:
            xp = array_namespace(g)
            if self.value is not None:
                return xp.minimum(xp.maximum(g, -self.value), self.value)
            if self.norm is not None:
                return shortened(g, norm([g]), self.norm)
            return shortened(g, everything, self.global_norm)

        return self.optimizer.update(params, map_leaves(cut, gradients), state, step)


@dataclass(frozen=True, repr=False, eq=False)
class Decayed(Wrapper):
    """Parameters drawn towards 0: by a penalty on their size, or by shrinking at every step.

        l2 = λ:         g ← g + λ p               (a penalty of ½ λ Σ p²)
        l1 = λ:         g ← g + λ sign(p)         (a penalty of λ Σ |p|)
        decoupled = λ:  p ← p − η λ p             (whatever the optimizer does to g)

    `parameters` are names or patterns, every W as it stands: wrap several times for a different
    strength by layer. The loss that is reported is without the penalty. Sources: Krogh and Hertz,
    NIPS 1991; Tibshirani (1996); Loshchilov and Hutter, ICLR 2019.

    >>> from chainrule.optimizers import SGD
    >>> Decayed(Decayed(SGD(0.1), l2=1e-4, parameters=("0.W",)), l1=1e-3, parameters=("2.W",))
    Decayed(Decayed(SGD(0.1), l2=0.0001, parameters=('0.W',)), l1=0.001, parameters=('2.W',))
    """

    _: KW_ONLY
    l2: float = 0.0
    l1: float = 0.0
    decoupled: float = 0.0
    parameters: tuple[str, ...] = WEIGHTS

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("l2", "l1", "decoupled"):
            self.require(name, getattr(self, name) >= 0, "0 or more")
        _require_patterns(self)

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        drawn, shrunk = {}, {}
        current = flatten(params)
        for name, g in flatten(gradients).items():
            p = current[name]
            if not matches(name, self.parameters):
                continue
            if self.l2 or self.l1:
                drawn[name] = g + self.l2 * p + self.l1 * array_namespace(p).sign(p)
            if self.decoupled:
                rate = array_namespace(p).asarray(self.rate(step), dtype=p.dtype)
                shrunk[name] = p - rate * self.decoupled * p
        return self.optimizer.update(
            exchange(params, shrunk), exchange(gradients, drawn), state, step
        )


@dataclass(frozen=True, repr=False, eq=False)
class MaxNorm(Wrapper):
    """After each update, the weights into one unit are scaled back to a norm of at most `limit`.

        w ← w · c/‖w‖ where ‖w‖ > c,  for each column w of W (n, units)

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, JMLR 15 (2014), section
    5.1.

    >>> from chainrule.optimizers import SGD
    >>> MaxNorm(SGD(0.1), 2.0)
    MaxNorm(SGD(0.1), 2.0)
    """

    limit: float = 3.0
    parameters: tuple[str, ...] = WEIGHTS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("limit", self.limit > 0, "above 0")
        _require_patterns(self)

    def update(self, params: Tree, gradients: Tree, state: Tree, step: Any) -> tuple[Tree, Tree]:
        params, state = self.optimizer.update(params, gradients, state, step)
        current = flatten(params)
        names = [name for name in flatten(gradients) if matches(name, self.parameters)]
        return exchange(params, {name: self._cut(current[name]) for name in names}), state

    def _cut(self, W: Array) -> Array:
        axes = tuple(range(W.ndim - 1))
        length = array_namespace(W).sqrt((W * W).sum(axis=axes, keepdims=True))
        return shortened(W, length, self.limit)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Say whether any of the patterns means this name."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _require_patterns(wrapper: Decayed | MaxNorm) -> None:
    patterns = wrapper.parameters
    good = isinstance(patterns, tuple) and all(isinstance(p, str) for p in patterns)
    wrapper.require("parameters", good, "a tuple of names or patterns")
