"""Schedules: the learning rate as a function of the step, counted from 0.

    Adam(WarmUp(500, Cosine(1e-3, 10_000)))

A schedule stands where a learning rate stands, and computes in the step's own namespace, so that
it runs compiled as well. Its unit is the step (a minibatch), not the epoch. A plain number is
the constant schedule; a rate that waits for the loss is the callback `ReduceOnPlateau`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from math import pi
from typing import Any

import numpy as np

from chainrule.description import Description
from chainrule.errors import ConfigurationError


def namespace(step: Any) -> Any:
    """Return the module that computes with a step: numpy for Python's own numbers."""
    return step.__array_namespace__() if hasattr(step, "__array_namespace__") else np


@dataclass(frozen=True, repr=False, eq=False)
class Schedule(Description):
    """Base: `schedule(step)` is the learning rate of that step."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            least = 1 if f.name in ("steps", "every") else 0
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if f.type in ("int", "float") and not (number and least <= value < float("inf")):
                what = "a number of steps, at least 1" if least else "a number of 0 or more"
                raise ConfigurationError(
                    f"{type(self).__name__}: {f.name} must be {what}, got {value!r}"
                )

    @abstractmethod
    def __call__(self, step: Any) -> Any:
        """Return the learning rate."""


@dataclass(frozen=True, repr=False, eq=False)
class StepDecay(Schedule):
    """rate · factor^⌊t / every⌋: times `factor` after every so many steps.

    >>> [float(StepDecay(1.0, every=10, factor=0.5)(t)) for t in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    rate: float
    every: int
    factor: float = 0.1

    def __call__(self, step: Any) -> Any:
        return self.rate * namespace(step).power(self.factor, 1.0 * (step // self.every))


@dataclass(frozen=True, repr=False, eq=False)
class ExponentialDecay(Schedule):
    """rate · factor^(t / every): the same, smoothly.

    >>> [round(float(ExponentialDecay(1.0, every=10, factor=0.25)(t)), 3) for t in (0, 5, 10)]
    [1.0, 0.5, 0.25]
    """

    rate: float
    every: int = 1
    factor: float = 0.999

    def __call__(self, step: Any) -> Any:
        return self.rate * namespace(step).power(self.factor, step / self.every)


@dataclass(frozen=True, repr=False, eq=False)
class PolynomialDecay(Schedule):
    """From `rate` down to `end` in so many steps: end + (rate − end) (1 − t / steps)^power.

    >>> [float(PolynomialDecay(1.0, 10)(t)) for t in (0, 5, 10, 99)]
    [1.0, 0.5, 0.0, 0.0]
    """

    rate: float
    steps: int
    power: float = 1.0
    end: float = 0.0

    def __call__(self, step: Any) -> Any:
        xp = namespace(step)
        left = 1 - xp.minimum(step, self.steps) / self.steps
        return self.end + (self.rate - self.end) * xp.power(left, self.power)


@dataclass(frozen=True, repr=False, eq=False)
class Cosine(Schedule):
    """Half a cosine from `rate` down to `end`: end + ½ (rate − end) (1 + cos(π t / steps)).

    With `restarts`, it begins again each time it has come down, each cycle `growth` times as long
    as the last. Source: Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5.

    >>> [round(float(Cosine(1.0, 10)(t)), 3) for t in (0, 5, 10, 99)]
    [1.0, 0.5, 0.0, 0.0]
    >>> [round(float(Cosine(1.0, 10, restarts=True, growth=2)(t)), 3) for t in (9, 10, 20, 30)]
    [0.024, 1.0, 0.5, 1.0]
    """

    rate: float
    steps: int
    end: float = 0.0
    restarts: bool = False
    growth: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (isinstance(self.growth, int) and self.growth >= 1):
            raise ConfigurationError(
                f"Cosine: growth must be a positive integer, got {self.growth!r}"
            )

    def __call__(self, step: Any) -> Any:
        xp = namespace(step)
        if not self.restarts:
            share = xp.minimum(step, self.steps) / self.steps
        elif self.growth == 1:
            share = step % self.steps / self.steps
        else:
            starts, length = [0], self.steps
            while starts[-1] + length < 1 << 31:
                starts.append(starts[-1] + length)
                length *= self.growth
            begun = xp.asarray(starts) <= step
            start = xp.where(begun, xp.asarray(starts), 0).max()
            share = (step - start) / (self.steps + (self.growth - 1) * start)
        return self.end + 0.5 * (self.rate - self.end) * (1 + xp.cos(pi * share))


@dataclass(frozen=True, repr=False, eq=False)
class WarmUp(Schedule):
    """In a straight line up to where `after` begins, and then `after`, a number or a schedule.

        t < steps:  after(0) · (start + (1 − start) t / steps),    else after(t − steps)

    Source: Goyal et al., "Accurate, large minibatch SGD", arXiv:1706.02677 (2017), section 2.2.

    >>> [round(float(WarmUp(10, 1.0, start=0.1)(t)), 2) for t in (0, 5, 10, 99)]
    [0.1, 0.55, 1.0, 1.0]
    """

    steps: int
    after: float | Schedule
    start: float = 0.01

    def __call__(self, step: Any) -> Any:
        xp = namespace(step)
        rising = self._after(0) * (self.start + (1 - self.start) * (step / self.steps))
        following = self._after(xp.maximum(step - self.steps, 0))
        return xp.where(step < self.steps, rising, following)

    def _after(self, step: Any) -> Any:
        return self.after(step) if isinstance(self.after, Schedule) else self.after


@dataclass(frozen=True, repr=False, eq=False)
class OneCycle(Schedule):
    """Up to the `highest` rate and down again, each along half a cosine, over the whole training.

    From highest / `divide` up within the share `rise` of the steps, then down to that start divided
    by `final`. Source: Smith and Topin, "Super-convergence", arXiv:1708.07120 (2017).

    >>> cycle = OneCycle(1.0, 101, rise=0.5)
    >>> [round(float(cycle(t)), 3) for t in (0, 25, 49, 100)]
    [0.04, 0.528, 1.0, 0.0]
    """

    highest: float
    steps: int
    rise: float = 0.3
    divide: float = 25.0
    final: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 < self.rise * self.steps < self.steps:
            raise ConfigurationError(
                f"OneCycle: rise must be a share of the {self.steps} steps that leaves some for "
                f"both ways, got {self.rise!r}"
            )

    def __call__(self, step: Any) -> Any:
        xp = namespace(step)
        start, top, last = self.highest / self.divide, self.rise * self.steps - 1, self.steps - 1
        up = _half_cosine(xp, start, self.highest, step / top)
        share = xp.minimum((step - top) / (last - top), 1.0)
        down = _half_cosine(xp, self.highest, start / self.final, share)
        return xp.where(step <= top, up, down)


def _half_cosine(xp: Any, first: float, last: float, share: Any) -> Any:
    return last + 0.5 * (first - last) * (1 + xp.cos(pi * share))
