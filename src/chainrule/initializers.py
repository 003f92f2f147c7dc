"""Initial values of parameters. An initializer sees the shape and draws from the hash.

`fan_in` is the product of all axes but the last (the inputs of one unit), `fan_out` the last
axis (the units). Layers leave their weights' initializer None; the network then takes the one
that suits the activation that follows: He before the ReLU family, Glorot otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from chainrule.description import Description
from chainrule.namespace import Array
from chainrule.randomness import Rng

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out).

    >>> fans((784, 128))
    (784, 128)
    """
    return prod(shape[:-1]), shape[-1]


class Initializer(Description):
    """Base: `draw(rng, shape)` returns a float32 array of that shape."""

    def draw(self, rng: Rng, shape: Shape) -> Array:
        raise NotImplementedError


@dataclass(frozen=True, repr=False, eq=False)
class Zeros(Initializer):
    """All zero: the usual start of a bias.

    >>> Zeros().draw(Rng(0), (2,))
    array([0., 0.], dtype=float32)
    """

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return np.zeros(shape, np.float32)


@dataclass(frozen=True, repr=False, eq=False)
class Constant(Initializer):
    """The same value everywhere.

    >>> Constant(1.0).draw(Rng(0), (2,))
    array([1., 1.], dtype=float32)
    """

    value: float

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return np.full(shape, self.value, np.float32)


@dataclass(frozen=True, repr=False, eq=False)
class Uniform(Initializer):
    """Uniform in [low, high).

    >>> bool((abs(Uniform(-0.5, 0.5).draw(Rng(0), (99,))) <= 0.5).all())
    True
    """

    low: float = -1.0
    high: float = 1.0

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return np.float32(self.low) + np.float32(self.high - self.low) * rng.uniform(shape)


@dataclass(frozen=True, repr=False, eq=False)
class Normal(Initializer):
    """Normal with mean 0 and the given standard deviation.

    >>> Normal(2.0).draw(Rng(0), (3, 2)).shape
    (3, 2)
    """

    deviation: float = 1.0

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return np.float32(self.deviation) * rng.normal(shape)


@dataclass(frozen=True, repr=False, eq=False)
class GlorotUniform(Initializer):
    """Uniform in ±√(6 / (fan_in + fan_out)): variance 2 / (fan_in + fan_out).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.
    """

    def draw(self, rng: Rng, shape: Shape) -> Array:
        limit = sqrt(6 / sum(fans(shape)))
        return Uniform(-limit, limit).draw(rng, shape)


@dataclass(frozen=True, repr=False, eq=False)
class GlorotNormal(Initializer):
    """Normal with variance 2 / (fan_in + fan_out). Source: as GlorotUniform, equation 12."""

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return Normal(sqrt(2 / sum(fans(shape)))).draw(rng, shape)


@dataclass(frozen=True, repr=False, eq=False)
class HeUniform(Initializer):
    """Uniform in ±√(6 / fan_in): variance 2 / fan_in, for units that a ReLU half closes.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.
    """

    def draw(self, rng: Rng, shape: Shape) -> Array:
        limit = sqrt(6 / fans(shape)[0])
        return Uniform(-limit, limit).draw(rng, shape)


@dataclass(frozen=True, repr=False, eq=False)
class HeNormal(Initializer):
    """Normal with variance 2 / fan_in. Source: as HeUniform."""

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return Normal(sqrt(2 / fans(shape)[0])).draw(rng, shape)


@dataclass(frozen=True, repr=False, eq=False)
class LeCunNormal(Initializer):
    """Normal with variance 1 / fan_in, which keeps the variance of a sum of fan_in terms.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.6.
    """

    def draw(self, rng: Rng, shape: Shape) -> Array:
        return Normal(sqrt(1 / fans(shape)[0])).draw(rng, shape)
