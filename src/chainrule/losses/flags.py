"""Losses for yes or no, one flag per output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.derivation import Derivation, Formulas
from chainrule.losses.base import Loss
from chainrule.namespace import Array, array_namespace

BINARY = (
    "partial(L[i], Z[i,k]) = -Y[i,k] / Z[i,k] + (1 - Y[i,k]) / (1 - Z[i,k])"
    " = (Z[i,k] - Y[i,k]) / (Z[i,k] * (1 - Z[i,k]))  # over one denominator"
)


@dataclass(frozen=True, repr=False, eq=False)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of probabilities A in (0, 1) with flags Y, summed over the outputs.

        L = −Σ_k [y_k ln a_k + (1 − y_k) ln(1 − a_k)],    dL/dA = (A − Y) / (A (1 − A))

    The value is 1/m Σ L ("mean") or Σ L ("sum"). A is first brought into [ε, 1 − ε], ε the
    working precision, so that exact 0 and 1 stay finite; there dL/dA is the one at the edge. A
    network that ends in Sigmoid is trained on `SigmoidCrossEntropy` instead, the same value
    on logits. Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.2.2.2.

    >>> value, dA = BinaryCrossEntropy()(np.array([[0.5]]), np.array([[1.0]]))
    >>> round(float(value), 4), dA
    (0.6931, array([[-2.]]))
    """

    task = "binary"
    formulas = Formulas(
        forward={
            "L": "-feature_sum(Y * log(Z) + (1 - Y) * log(1 - Z))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "w * (Z - Y) / (Z * (1 - Z))"},
        derivation=Derivation(
            "-sum(k, Y[i,k] * log(Z[i,k]) + (1 - Y[i,k]) * log(1 - Z[i,k]))",
            {"Z[i,k]": "(Z[i,k] - Y[i,k]) / (Z[i,k] * (1 - Z[i,k]))"},
            (BINARY,),
        ),
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        eps = float(np.finfo(Z.dtype).eps)
        A = xp.minimum(xp.maximum(Z, eps), 1 - eps)
        L = -(Y * xp.log(A) + (1 - Y) * xp.log(1 - A)).sum(axis=1)
        return L, (A - Y) / (A * (1 - A))


@dataclass(frozen=True, repr=False, eq=False)
class SigmoidCrossEntropy(Loss):
    """Binary cross-entropy on logits Z, with A = σ(Z); summed over the outputs.

        L = Σ_k [softplus(z_k) − y_k z_k],    dL/dZ = σ(Z) − Y

    The chain (a − y)/(a(1 − a)) · a(1 − a) = a − y needs no division. With softplus(z) =
    max(z, 0) + ln(1 + e^{−|z|}) it is finite for every finite Z. The value is 1/m Σ L or Σ L.

    >>> value, dZ = SigmoidCrossEntropy()(np.array([[0.0], [1e4]]), np.array([[1.0], [1.0]]))
    >>> round(float(value), 4), dZ.ravel()
    (0.3466, array([-0.25,  0.  ]))
    """

    task = "binary"
    threshold = 0.0
    formulas = Formulas(
        forward={
            "A": "1 / (1 + exp(-Z))",
            "L": "-feature_sum(Y * log(A) + (1 - Y) * log(1 - A))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "w * (A - Y)"},
        derivation=Derivation(
            "-sum(k, Y[i,k] * log(A[i,k]) + (1 - Y[i,k]) * log(1 - A[i,k]))",
            {"Z[i,k]": "A[i,k] - Y[i,k]"},
            (
                BINARY.replace("Z[", "A["),
                "partial(A[i,k], Z[i,k]) = A[i,k] * (1 - A[i,k])  # the sigmoid's derivative",
                "partial(L[i], Z[i,k]) = (A[i,k] - Y[i,k]) / (A[i,k] * (1 - A[i,k]))"
                " * (A[i,k] * (1 - A[i,k])) = A[i,k] - Y[i,k]  # it cancels",
            ),
        ),
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        softplus = xp.maximum(Z, 0) + xp.log1p(xp.exp(xp.minimum(Z, -Z)))
        return (softplus - Y * Z).sum(axis=1), self.predictions(Z) - Y

    def predictions(self, Z: Array) -> Array:
        return 0.5 * (1 + array_namespace(Z).tanh(0.5 * Z))


@dataclass(frozen=True, repr=False, eq=False)
class Hinge(Loss):
    """A margin of 1 on the right side of 0, summed over the outputs; flags 0/1 count as −1/+1.

        L = Σ_k max(0, 1 − s_k z_k),  s = 2y − 1;    dL/dZ = −S where the margin is not reached

    The answer is yes where z > 0; Z is no probability, and `predictions` leave it as it is. The
    value is 1/m Σ L ("mean") or Σ L ("sum"). Source: Cortes and Vapnik, Machine Learning 20 (1995).

    >>> value, dZ = Hinge()(np.array([[2.0, 0.5]]), np.array([[1, 1]]))
    >>> float(value), dZ
    (0.5, array([[ 0., -1.]]))
    """

    task = "binary"
    threshold = 0.0
    formulas = Formulas(
        forward={
            "S": "2 * Y - 1",
            "L": "feature_sum(maximum(0, 1 - S * Z))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "-w * S * (1 - S * Z > 0)"},
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp, S = array_namespace(Z), 2 * Y - 1
        short = 1 - S * Z
        return xp.maximum(short, 0).sum(axis=1), xp.where(short > 0, -S, 0)
