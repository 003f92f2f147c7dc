"""Losses: how far the network's output is from the target, and which way it should move.

    value, dZ = loss(Z, targets, weights)

`weights` (m,) say how much each sample counts. Left out, they are 1/m each with
`reduction="mean"` (so the value is J = 1/m Σ L) and 1 each with `reduction="sum"`. Whoever cuts
a batch into shards passes each shard its part of the whole batch's weights; values and gradients
then simply add up. In the formulas `w` is that column of weights, Y the target, L the loss of
each sample and J the value that is minimised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from chainrule.derivation import Derivation, Formulas
from chainrule.description import Description
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.namespace import Array, array_namespace

BINARY = (
    "partial(L[i], Z[i,k]) = -Y[i,k] / Z[i,k] + (1 - Y[i,k]) / (1 - Z[i,k])"
    " = (Z[i,k] - Y[i,k]) / (Z[i,k] * (1 - Z[i,k]))  # over one denominator"
)
SQUARE = "partial((Z[i,k] - Y[i,k])**2, Z[i,k]) = 2 * (Z[i,k] - Y[i,k])  # the power rule"
Task = Literal["regression", "binary", "classes"]


@dataclass(frozen=True, repr=False)
class Loss(Description):
    """Base of all losses. A loss gives L and dL/dZ per sample; the weights are applied here.

    `task` says what the targets are: numbers (m, k), 0/1 flags (m, k), or classes, as labels (m,)
    or as a distribution (m, k). `threshold` is the output above which a flag counts as 1.
    """

    reduction: Literal["mean", "sum"] = field(default="mean", kw_only=True)
    formulas: ClassVar[Formulas] = Formulas()
    task: ClassVar[Task] = "regression"
    threshold: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            name = type(self).__name__
            raise ConfigurationError(
                f'{name}: reduction must be "mean" or "sum", got {self.reduction!r}'
            )

    def __call__(self, Z: Array, targets: Array, weights: Array | None = None) -> tuple[Any, Array]:
        """Return the value (a scalar) and dZ, the shape of Z."""
        Y = targets
        if targets.ndim == 1 and Z.ndim == 2:
            if self.task != "classes" and Z.shape[1] == 1:
                Y = targets[:, None]  # numbers or flags, for the one output
            elif targets.dtype.kind in "iub":
                Y = one_hot(targets, Z)
        if Y.dtype != Z.dtype:
            Y = Y.astype(Z.dtype)
        if Y.shape != Z.shape:
            raise ShapeError(f"expected targets of shape {Z.shape}, got {targets.shape}", self)
        if weights is None:
            weights = self.sample_weights(None, Z.shape[0], Z.dtype)
        L, dL = self.per_sample(Z, Y)
        return weights @ L, weights[:, None] * dL

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        """Return L (m,) and its derivative with respect to Z (m, k)."""
        raise NotImplementedError

    def predictions(self, Z: Array) -> Array:
        """Return what Z means to a user: probabilities, or Z itself."""
        return Z

    def sample_weights(self, given: Array | None, m: int, dtype: Any) -> Array:
        """Return the weights of a whole batch of m samples: 1/m each, or in ratio to `given`."""
        if given is None:
            return np.full(m, 1 / m if self.reduction == "mean" else 1.0, dtype)
        given = given.astype(dtype)
        if self.reduction == "sum":
            return given
        # A minibatch may hold nothing but weights of 0; it then weighs nothing.
        total = array_namespace(given).maximum(given.sum(), float(np.finfo(dtype).tiny))
        return given / total


def one_hot(labels: Array, Z: Array) -> Array:
    """Return labels (m,) as rows (m, k) with a single 1, in the dtype of Z (m, k).

    >>> one_hot(np.array([1, 0]), np.zeros((2, 3)))
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    return (labels[:, None] == array_namespace(Z).arange(Z.shape[1])).astype(Z.dtype)


@dataclass(frozen=True, repr=False)
class SquaredError(Loss):
    """Squared error over the k outputs of a sample, in one of three scales.

    | scale  | L (per sample)        | dL/dZ         |                                     |
    |--------|-----------------------|---------------|-------------------------------------|
    | "half" | ½ Σ_k (z_k − y_k)²    | Z − Y         | the ½ cancels the 2; default        |
    | "sum"  | Σ_k (z_k − y_k)²      | 2 (Z − Y)     |                                     |
    | "mean" | 1/k Σ_k (z_k − y_k)²  | 2/k (Z − Y)   | with mean: over all m·k entries     |

    The value is 1/m Σ L with `reduction="mean"`, Σ L with "sum". Labels (m,) are taken as one-hot
    rows. Source: Legendre (1805); as a network's error, Rumelhart, Hinton and Williams (1986).

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


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
class SoftmaxCrossEntropy(Loss):
    """Cross-entropy on logits Z, with A = softmax(Z), for labels or distributions Y.

        L = −Σ_k y_k ln a_k,    ln a_k = z_k − ln Σ_j e^{z_j},    dL/dZ = A Σ_k y_k − Y

    For rows Y that sum to 1 the gradient is A − Y: softmax's Jacobian times −Y / A. The largest
    logit of each row is subtracted first, so it is finite for every finite Z. The value is 1/m Σ L
    or Σ L. Source: Bridle (1989); "Deep Learning" (2016), section 6.2.2.3.

    >>> value, dZ = SoftmaxCrossEntropy()(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(float(value), 4), dZ
    (0.6931, array([[ 0.5, -0.5]]))
    """

    task = "classes"
    formulas = Formulas(
        forward={"A": "softmax(Z)", "L": "-feature_sum(Y * log(A))", "J": "batch_sum(w * L)"},
        backward={"dZ": "w * (A * feature_sum(Y) - Y)"},
        derivation=Derivation(
            "-sum(k, Y[i,k] * log(A[i,k]))",
            {"Z[i,k]": "A[i,k] * sum(j, Y[i,j]) - Y[i,k]"},
            (
                "partial(L[i], A[i,j]) = -Y[i,j] / A[i,j]  # of one probability",
                "partial(A[i,j], Z[i,k]) = A[i,j] * ((j == k) - A[i,k])  # softmax's derivative",
                "partial(L[i], Z[i,k]) = sum(j, -Y[i,j] / A[i,j] * (A[i,j] * ((j == k) - A[i,k])))"
                " = -sum(j, Y[i,j] * ((j == k) - A[i,k]))"
                " = A[i,k] * sum(j, Y[i,j]) - Y[i,k]  # every probability moves with z",
            ),
        ),
    )

    def per_sample(self, Z: Array, Y: Array) -> tuple[Array, Array]:
        xp = array_namespace(Z)
        shifted = Z - Z.max(axis=1, keepdims=True)
        E = xp.exp(shifted)
        total = E.sum(axis=1, keepdims=True)
        mass = Y.sum(axis=1, keepdims=True)
        L = (mass * xp.log(total) - (Y * shifted).sum(axis=1, keepdims=True))[:, 0]
        return L, E * (mass / total) - Y

    def predictions(self, Z: Array) -> Array:
        E = array_namespace(Z).exp(Z - Z.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)
