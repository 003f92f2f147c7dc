"""From a few words to a network: which layers, loss and optimizer "128,64 with relu" means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.initializers import Shape
from chainrule.layers import (
    Dense,
    Flatten,
    Identity,
    Layer,
    LeakyReLU,
    ReLU,
    Scale,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)
from chainrule.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from chainrule.namespace import Array
from chainrule.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

ACTIVATIONS: dict[str, Callable[[], Layer]] = {
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "leaky-relu": LeakyReLU,
    "identity": Identity,
}
OUTPUT_ACTIVATIONS = ACTIVATIONS | {"softmax": Softmax}
LOSSES: dict[str, Callable[[], Loss]] = {
    "softmax-cross-entropy": SoftmaxCrossEntropy,
    "cross-entropy": CrossEntropy,
    "sigmoid-cross-entropy": SigmoidCrossEntropy,
    "binary-cross-entropy": BinaryCrossEntropy,
    "squared-error": SquaredError,
}
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "sgd": SGD,
    "rmsprop": RMSProp,
}
UPDATES = 2000  # what small sets get by default; their ten epochs would be a handful of steps


def named(kind: str, name: str, known: Mapping[str, Any]) -> str:
    """Return the key of `known` that is meant; capitals, hyphens and underscores do not matter.

    >>> named("activation", "LeakyReLU", ACTIVATIONS)
    'leaky-relu'
    """
    keys = {_bare(key): key for key in known}
    if _bare(name) not in keys:
        raise unknown_name(kind, name, known)
    return keys[_bare(name)]


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def scale_factor(x: Array) -> float | None:
    """Return the factor that brings pixels to 0..1, or None where the data are no pixels.

    Pixels are whole numbers from 0, in images (m, height, width, ...) or as bytes in rows. Up to
    16 they count as 4 bits, up to 255 as 8 and up to 65535 as 16.

    >>> scale_factor(np.array([[[0, 255]]], np.uint8)) == 1 / 255
    True
    >>> scale_factor(np.array([[0.5, 0.1]])) is None
    True
    """
    if x.dtype.kind not in "iuf" or not (x.ndim > 2 or x.dtype == np.uint8) or x.size == 0:
        return None
    largest = float(x.max())
    if not (1 < largest <= 65535 and float(x.min()) >= 0):
        return None
    if x.dtype.kind == "f" and bool((x != np.floor(x)).any()):
        return None
    return 1 / next(top for top in (16, 255, 65535) if largest <= top)


def uneven_columns(x: Array) -> str | None:
    """Return in words how far apart the columns of a table are, or None where they are alike.

    >>> uneven_columns(np.array([[0.1, 2000.0], [0.2, 1000.0]]))
    'columns differ 10,000-fold in spread (0.05 to 500)'
    """
    if x.ndim != 2 or x.shape[1] < 2 or len(x) < 2:
        return None
    spread = x.std(axis=0, dtype=np.float64)
    spread = spread[spread > 0]
    if len(spread) < 2 or spread.max() / spread.min() < 100 or spread.max() < 10:
        return None
    ratio = f"{spread.max() / spread.min():,.0f}-fold"
    return f"columns differ {ratio} in spread ({spread.min():.3g} to {spread.max():.3g})"


def build_network(
    input_shape: Shape,
    outputs: int,
    hidden: Iterable[int] = (128,),
    activation: Layer | None = None,
    output_activation: Layer | None = None,
    scale: float | None = None,
) -> Sequential:
    """Return [Scale,] [Flatten,] then Dense and activation in turn, and a Dense for the outputs.

    >>> build_network((28, 28), 10, hidden=(128,), scale=0.5)
    Sequential(Scale(0.5), Flatten(), Dense(128), ReLU(), Dense(10))
    >>> build_network((2,), 1, hidden=(), output_activation=Sigmoid())
    Sequential(Dense(1), Sigmoid())
    """
    layers: list[Layer] = []
    if scale is not None:
        layers.append(Scale(scale))
    if len(input_shape) != 1:
        layers.append(Flatten())
    for units in hidden:
        layers += [Dense(units), ReLU() if activation is None else activation]
    layers.append(Dense(outputs))
    if output_activation is not None:
        layers.append(output_activation)
    return Sequential(*layers)


def sensible_loss(task: str, output_activation: str | None, classes: int) -> str:
    """Return the loss that suits a task and a last layer.

    Classes are learnt by cross-entropy: on logits where the network ends in them, on
    probabilities after softmax, and with flags for a sigmoid when there are two classes.

    >>> sensible_loss("classification", None, 10), sensible_loss("classification", "sigmoid", 2)
    ('softmax-cross-entropy', 'binary-cross-entropy')
    """
    if task == "regression":
        return "squared-error"
    if output_activation in (None, "identity"):
        return "softmax-cross-entropy"
    if output_activation == "softmax":
        return "cross-entropy"
    return "binary-cross-entropy" if output_activation == "sigmoid" and classes == 2 else (
        "squared-error"
    )  # fmt: skip


def sensible_ending(loss: str, output_activation: str | None) -> str | None:
    """Return the last activation for a loss; raise ConfigurationError for a pair that is wrong.

    Losses on probabilities need an activation that gives them; losses on logits contain it.

    >>> sensible_ending("cross-entropy", None)
    'softmax'
    """
    inside = {"softmax-cross-entropy": "softmax", "sigmoid-cross-entropy": "sigmoid"}
    if loss in inside:
        if output_activation not in (None, "identity"):
            plain = "cross-entropy" if inside[loss] == "softmax" else "binary-cross-entropy"
            raise ConfigurationError(
                f"{loss} takes raw outputs and applies {inside[loss]} itself, so the output "
                f"activation {output_activation} does not go with it: leave it out, or use "
                f"the loss {plain} after {inside[loss]}"
            )
        return output_activation
    needed = {"cross-entropy": "softmax", "binary-cross-entropy": "sigmoid"}.get(loss)
    if needed is None or output_activation == needed:
        return output_activation
    if output_activation is None:
        return needed
    raise ConfigurationError(
        f"{loss} takes probabilities, so the output activation must be {needed}, "
        f"not {output_activation}"
    )


def output_count(loss: str, task: str, classes: int, y: Array, needs: str) -> int:
    """Return how many outputs the network needs; `needs` is the loss's own task.

    Raises ConfigurationError where a loss and a task do not go together.
    """
    binary = needs == "binary"
    if task == "regression":
        if needs != "regression":
            raise ConfigurationError(f"{loss} needs classes, but the targets are numbers")
        return 1 if y.ndim == 1 else int(y.shape[1])
    if binary and classes != 2:
        raise ConfigurationError(
            f"{loss} is for two classes, but there are {classes}: use softmax-cross-entropy"
        )
    return 1 if binary else classes


def sensible_batch(samples: int) -> int:
    """Return the default batch size: 128, or 32 below 10,000 samples."""
    return 128 if samples >= 10_000 else 32


def sensible_epochs(samples: int, batch_size: int) -> int:
    """Return the default number of epochs: 10, or what makes about 2,000 updates, up to 1,000.

    >>> sensible_epochs(60_000, 128), sensible_epochs(1_400, 32)
    (10, 46)
    """
    steps = -(-samples // max(1, min(batch_size, samples)))
    return max(10, min(-(-UPDATES // steps), 1000))


def sizes(given: str | int | Sequence[Any]) -> tuple[int, ...]:
    """Return the hidden layers' sizes from "128,64" or [128, 64]; "none" means no hidden layer.

    >>> sizes("128,64"), sizes("none")
    ((128, 64), ())
    """
    if isinstance(given, str):
        words = given.replace(",", " ").split()
        parts: Sequence[Any] = [] if [w.lower() for w in words] == ["none"] else words
    else:
        parts = [given] if isinstance(given, int) else given
    found = []
    for part in parts:
        text = str(part)
        if isinstance(part, bool) or not text.isascii() or not text.isdigit() or int(text) == 0:
            raise ConfigurationError(
                f'layers must be sizes such as "128,64" (or "none"), got {part!r}'
            )
        found.append(int(text))
    return tuple(found)
