"""Losses for classes: one of k, as labels or as distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.derivation import Derivation, Formulas
from chainrule.errors import ConfigurationError
from chainrule.losses.base import Loss
from chainrule.namespace import Array, array_namespace, row_max, row_sum

SOFTMAX = Derivation(
    "-sum(k, Y[i,k] * log(A[i,k]))",
    {"Z[i,k]": "A[i,k] * sum(j, Y[i,j]) - Y[i,k]"},
    (
        "partial(L[i], A[i,j]) = -Y[i,j] / A[i,j]  # of one probability",
        "partial(A[i,j], Z[i,k]) = A[i,j] * ((j == k) - A[i,k])  # softmax's derivative",
        "partial(L[i], Z[i,k]) = sum(j, -Y[i,j] / A[i,j] * (A[i,j] * ((j == k) - A[i,k])))"
        " = -sum(j, Y[i,j] * ((j == k) - A[i,k]))"
        " = A[i,k] * sum(j, Y[i,j]) - Y[i,k]  # every probability moves with z",
    ),
)


@dataclass(frozen=True, repr=False, eq=False)
class CrossEntropy(Loss):
    """Cross-entropy of probabilities A (rows that sum to 1) with labels or distributions Y.

        L = −Σ_k y_k ln a_k,    dL/dA = −Y / A

    The value is 1/m Σ L ("mean") or Σ L ("sum"). A is first brought up to ε, the working
    precision, so that an exact 0 stays finite. A network that ends in Softmax is trained on
    `SoftmaxCrossEntropy` instead. Source: "Deep Learning" (2016), section 6.2.2.3.

    >>> value, dA = CrossEntropy()(np.array([[0.25, 0.75]]), np.array([1]))
    >>> round(float(value), 4)
    0.2877
    """

    task = "classes"
    formulas = Formulas(
        forward={"L": "-feature_sum(Y * log(Z))", "J": "batch_sum(w * L)"},
        backward={"dZ": "-w * Y / Z"},
        derivation=Derivation("-sum(k, Y[i,k] * log(Z[i,k]))", {"Z[i,k]": "-Y[i,k] / Z[i,k]"}),
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        A = xp.maximum(Z, float(np.finfo(Z.dtype).eps))
        return -(Y * xp.log(A)).sum(axis=1), -Y / A


@dataclass(frozen=True, repr=False, eq=False)
class SoftmaxCrossEntropy(Loss):
    """Cross-entropy on logits Z, with A = softmax(Z), for labels or distributions Y.

        L = −Σ_k y_k ln a_k,    ln a_k = z_k − ln Σ_j e^{z_j},    dL/dZ = A Σ_k y_k − Y

    For rows Y that sum to 1 the gradient is A − Y: softmax's Jacobian times −Y / A. The largest
    logit of each row is subtracted first, so it is finite while a row's logits differ by no more
    than the largest number, 3.4e38 in float32. The value is 1/m Σ L or Σ L. Source: Bridle (1989);
    "Deep Learning" (2016), section 6.2.2.3.

    `smoothing` s keeps the network from being certain: the target is (1 − s) Y + s/k Σ_k y_k, of
    the same sum. Source: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, CVPR 2016, section 7.

    >>> value, dZ = SoftmaxCrossEntropy()(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(float(value), 4), dZ
    (0.6931, array([[ 0.5, -0.5]]))
    """

    smoothing: float = 0.0
    task = "classes"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.smoothing < 1:
            raise ConfigurationError(
                f"SoftmaxCrossEntropy: smoothing must be in [0, 1), got {self.smoothing!r}"
            )

    @property
    def formulas(self) -> Formulas:  # type: ignore[override]
        """The lines, with the smoothed target Q where there is one."""
        if self.smoothing:
            return Formulas(
                forward={
                    "Q": "(1 - smoothing) * Y + smoothing * feature_mean(Y)",
                    "A": "softmax(Z)",
                    "L": "-feature_sum(Q * log(A))",
                    "J": "batch_sum(w * L)",
                },
                backward={"dZ": "w * (A * feature_sum(Q) - Q)"},
            )
        return Formulas(
            forward={"A": "softmax(Z)", "L": "-feature_sum(Y * log(A))", "J": "batch_sum(w * L)"},
            backward={"dZ": "w * (A * feature_sum(Y) - Y)"},
            derivation=SOFTMAX,
        )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        if self.smoothing:
            Y = (1 - self.smoothing) * Y + self.smoothing * Y.mean(axis=1, keepdims=True)
        shifted = Z - row_max(Z)
        E = xp.exp(shifted)
        total, mass = row_sum(E), row_sum(Y)
        L = mass * xp.log(total) - row_sum(Y * shifted)
        return L, E * (mass / total)[:, None] - Y

    def predictions(self, Z: Array) -> Array:
        E = array_namespace(Z).exp(Z - row_max(Z))
        return E / E.sum(axis=1, keepdims=True)


@dataclass(frozen=True, repr=False, eq=False)
class KLDivergence(Loss):
    """How far a distribution e^Z is from the target Y; Z are logarithms of probabilities.

        L = Σ_k y_k (ln y_k − z_k),    dL/dZ = −Y

    A network for it ends in LogSoftmax; then the value is the cross-entropy less the entropy of
    Y, 0 for a perfect answer. A y of 0 counts nothing. The value is 1/m Σ L or Σ L. Source:
    Kullback and Leibler, Annals of Mathematical Statistics 22 (1951).

    >>> value, dZ = KLDivergence()(np.log([[0.25, 0.75]]), np.array([[0.5, 0.5]]))
    >>> round(float(value), 4), dZ
    (0.1438, array([[-0.5, -0.5]]))
    """

    task = "classes"
    formulas = Formulas(
        forward={
            "L": "feature_sum(Y * (log(where(Y > 0, Y, 1)) - Z))",
            "J": "batch_sum(w * L)",
        },
        backward={"dZ": "-w * Y"},
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        logarithm = xp.log(xp.where(Y > 0, Y, 1))
        return (Y * (logarithm - Z)).sum(axis=1), -Y

    def predictions(self, Z: Array) -> Array:
        return array_namespace(Z).exp(Z)
