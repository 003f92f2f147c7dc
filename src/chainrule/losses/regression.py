"""Losses for numbers: how far off, counted in one way or another."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log
from typing import Literal

from chainrule.derivation import Derivation, Formulas
from chainrule.errors import ConfigurationError
from chainrule.losses.base import Loss
from chainrule.namespace import Array, array_namespace

SQUARE = "partial((Z[i,k] - Y[i,k])**2, Z[i,k]) = 2 * (Z[i,k] - Y[i,k])  # the power rule"


@dataclass(frozen=True, repr=False, eq=False)
class SquaredError(Loss):
    """Squared error over the k outputs of a sample, in one of three scales.

    | scale  | L (per sample)        | dL/dZ         |                                     |
    |--------|-----------------------|---------------|-------------------------------------|
    | "half" | ½ Σ_k (z_k − y_k)²    | Z − Y         | the ½ cancels the 2; default        |
    | "sum"  | Σ_k (z_k − y_k)²      | 2 (Z − Y)     |                                     |
    | "mean" | 1/k Σ_k (z_k − y_k)²  | 2/k (Z − Y)   | with mean: over all m·k entries     |

    The value is 1/m Σ L with `reduction="mean"`, Σ L with "sum". Labels (m,) are taken as one-hot
    rows. Source: Legendre (1805); as a network's error, Rumelhart, Hinton and Williams (1986).

    >>> import numpy as np
    >>> value, dZ = SquaredError("half", reduction="sum")(np.array([[1.0, 3.0]]), np.zeros((1, 2)))
    >>> float(value), dZ
    (5.0, array([[1., 3.]]))
    """

    scale: Literal["half", "sum", "mean"] = "half"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale not in ("half", "sum", "mean"):
            raise ConfigurationError(
                f'SquaredError: scale must be "half", "sum" or "mean", got {self.scale!r}'
            )

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for this scale."""
        value, gradient, entry, slope = {
            "half": ("feature_sum((Z - Y)**2) / 2", "w * (Z - Y)", "{} / 2", ""),
            "sum": ("feature_sum((Z - Y)**2)", "w * 2 * (Z - Y)", "{}", "2 * "),
            "mean": ("feature_mean((Z - Y)**2)", "w * 2 * (Z - Y) / k", "1 / n * {}", "2 / n * "),
        }[self.scale]
        square = "sum(k, (Z[i,k] - Y[i,k])**2)"
        return Formulas(
            forward={"L": value, "J": "batch_sum(w * L)"},
            backward={"dZ": gradient},
            derivation=Derivation(
                entry.format(square), {"Z[i,k]": f"{slope}(Z[i,k] - Y[i,k])"}, (SQUARE,)
            ),
        )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        error = Z - Y
        square = (error * error).sum(axis=1)
        if self.scale == "half":
            return square / 2, error
        if self.scale == "sum":
            return square, 2 * error
        k = Z.shape[1]
        return square / k, 2 * error / k


@dataclass(frozen=True, repr=False, eq=False)
class AbsoluteError(Loss):
    """Distance over the k outputs of a sample; far-off targets pull no harder than near ones.

        scale "mean":  L = 1/k Σ_k |z_k − y_k|,    dL/dZ = sign(Z − Y) / k    (over all m·k entries)
        scale "sum":   L = Σ_k |z_k − y_k|,        dL/dZ = sign(Z − Y)

    The derivative at 0 is 0. The value is 1/m Σ L with `reduction="mean"`, Σ L with "sum". Source:
    Boscovich (1757); Laplace (1793).

    >>> import numpy as np
    >>> value, dZ = AbsoluteError()(np.array([[1.0, -3.0]]), np.zeros((1, 2)))
    >>> float(value), dZ
    (2.0, array([[ 0.5, -0.5]]))
    """

    scale: Literal["mean", "sum"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale not in ("mean", "sum"):
            raise ConfigurationError(
                f'AbsoluteError: scale must be "mean" or "sum", got {self.scale!r}'
            )

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines for this scale."""
        each = " / k" if self.scale == "mean" else ""
        return Formulas(
            forward={"L": f"feature_{self.scale}(abs(Z - Y))", "J": "batch_sum(w * L)"},
            backward={"dZ": f"w * sign(Z - Y){each}"},
        )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp, error = array_namespace(Z), Z - Y
        k = Z.shape[1] if self.scale == "mean" else 1
        return xp.abs(error).sum(axis=1) / k, xp.sign(error) / k


@dataclass(frozen=True, repr=False, eq=False)
class Huber(Loss):
    """Squared near the target, straight beyond `delta`, summed over the outputs.

        L = Σ_k ½ e² where |e| <= δ, δ (|e| − ½ δ) beyond,  e = z − y;    dL/dZ = e cut to ±δ

    The value is 1/m Σ L ("mean") or Σ L ("sum"). Source: Huber, Annals of Mathematical Statistics
    35 (1964).

    >>> import numpy as np
    >>> value, dZ = Huber(1.0)(np.array([[0.5, 3.0]]), np.zeros((1, 2)))
    >>> float(value), dZ
    (2.625, array([[0.5, 1. ]]))
    """

    delta: float = 1.0
    formulas = Formulas(
        forward={
            "e": "Z - Y",
            "L": "feature_sum(where(abs(e) <= delta, e**2 / 2, delta * (abs(e) - delta / 2)))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "w * maximum(minimum(e, delta), -delta)"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.delta > 0:
            raise ConfigurationError(f"Huber: delta must be above 0, got {self.delta!r}")

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp, error = array_namespace(Z), Z - Y
        cut = xp.maximum(xp.minimum(error, self.delta), -self.delta)
        # With c the cut error, c (e − ½ c) is ½ e² inside and δ (|e| − ½ δ) outside.
        return (cut * (error - 0.5 * cut)).sum(axis=1), cut


@dataclass(frozen=True, repr=False, eq=False)
class LogCosh(Loss):
    """ln cosh of the error: ½ e² near the target, |e| − ln 2 far off, smooth between; summed.

        L = Σ_k ln cosh(z_k − y_k),    dL/dZ = tanh(Z − Y)

    Computed as e + ln(1 + e^{−2e}) − ln 2, which cannot overflow. The value is 1/m Σ L or Σ L.
    Source: Green, Journal of the Royal Statistical Society B 46 (1984), as a robust error.

    >>> import numpy as np
    >>> value, dZ = LogCosh()(np.array([[0.0, 1e4]]), np.zeros((1, 2)))
    >>> round(float(value), 4), dZ
    (9999.3069, array([[0., 1.]]))
    """

    formulas = Formulas(
        forward={
            "e": "Z - Y",
            "L": "feature_sum(log((exp(e) + exp(-e)) / 2))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "w * tanh(e)"},
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp, e = array_namespace(Z), Z - Y
        softplus = xp.maximum(-2 * e, 0) + xp.log1p(xp.exp(xp.minimum(2 * e, -2 * e)))
        return (e + softplus - log(2)).sum(axis=1), xp.tanh(e)


@dataclass(frozen=True, repr=False, eq=False)
class Poisson(Loss):
    """Counts: Z is the logarithm of the expected count, summed over the outputs.

        L = Σ_k e^{z_k} − y_k z_k,    dL/dZ = e^Z − Y

    That is −ln of the Poisson probability of y, without the ln y! that no z changes. `predictions`
    are the expected counts e^Z. The value is 1/m Σ L or Σ L. Source: McCullagh and Nelder,
    "Generalized Linear Models" (1989), chapter 6.

    >>> import numpy as np
    >>> value, dZ = Poisson()(np.array([[0.0]]), np.array([[3.0]]))
    >>> float(value), dZ
    (1.0, array([[-2.]]))
    """

    formulas = Formulas(
        forward={"L": "feature_sum(exp(Z) - Y * Z)", "J": "batch_sum(w * L)"},
        backward={"dZ": "w * (exp(Z) - Y)"},
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        expected = self.predictions(Z)
        return (expected - Y * Z).sum(axis=1), expected - Y

    def predictions(self, Z: Array) -> Array:
        return array_namespace(Z).exp(Z)


@dataclass(frozen=True, repr=False, eq=False)
class StandardizedSquaredError(Loss):
    """Squared error with the targets on their own scale and the outputs on a standard one.

        L = ½ Σ_k (z_k − (y_k − shift) / spread)²,    dL/dZ = Z − (Y − shift) / spread

    `shift` and `spread` are the mean and the deviation of the training targets, prices in the
    hundred thousands, say. The network then learns numbers around 0, and what it predicts is
    Z · spread + shift, a price again. Answering the mean gives a value of ½, whatever the unit.

    >>> import numpy as np
    >>> loss = StandardizedSquaredError(200.0, 50.0)
    >>> value, dZ = loss(np.array([[1.0]]), np.array([[300.0]]))
    >>> float(value), dZ, loss.predictions(np.array([[1.0]]))
    (0.5, array([[-1.]]), array([[250.]]))
    """

    shift: float = 0.0
    spread: float = 1.0
    formulas = Formulas(
        forward={"L": "feature_sum((Z - (Y - shift) / spread)**2) / 2", "J": "batch_sum(w * L)"},
        backward={"dZ": "w * (Z - (Y - shift) / spread)"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (isfinite(self.shift) and isfinite(self.spread) and self.spread > 0):
            raise ConfigurationError(
                f"{type(self).__name__}: shift must be finite and spread greater than 0, "
                f"got {self.shift!r} and {self.spread!r}"
            )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        error = Z - (Y - self.shift) / self.spread
        return (error * error).sum(axis=1) / 2, error

    def predictions(self, Z: Array) -> Array:
        return Z * self.spread + self.shift
