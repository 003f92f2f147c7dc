"""Friendly numbers for worksheets: small, with one decimal, and a function of a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from chainrule.explaining.page import Line
from chainrule.layers import Sigmoid, Softmax
from chainrule.namespace import Array
from chainrule.randomness import Rng

if TYPE_CHECKING:
    from chainrule.model import Model

WEIGHTS = (-2, -1.5, -1, -0.8, -0.5, -0.4, 0.3, 0.4, 0.5, 0.6, 1, 1.5, 2)
OTHERS = (-1, -0.5, -0.4, -0.2, 0.1, 0.2, 0.3, 0.5, 1)
INPUTS = (-1, -0.5, 0.2, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2)
SHARES = (0.1, 0.2, 0.3, 0.7, 0.8, 0.9)
VALUES = (-1, -0.5, 0.5, 1, 1.5, 2)

SMALLEST, LARGEST = 0.004, 12.0  # of what is computed, so that four decimals say enough
LOUD = 0.02


def draw(name: str, attempt: int, what: str, choices: Sequence[float], shape: Any) -> Array:
    """Return numbers from `choices`, each used before one comes again.

    >>> draw("ada", 0, "W", (1, 2), (2,)).tolist() in ([1, 2], [2, 1])
    True
    """
    count = int(np.prod(shape))
    rounds = -(-count // len(choices))
    rng = Rng(crc32(name.encode()), attempt).at(what)
    order = [np.argsort(rng.at(str(i)).bits((len(choices),)), kind="stable") for i in range(rounds)]
    picked = np.concatenate(order)[:count]
    return np.asarray(choices, float)[picked].reshape(shape)


def numbers(parameters: Mapping[str, Array], name: str, attempt: int) -> dict[str, Array]:
    """Return a friendly value for each parameter."""
    return {
        path: draw(
            name, attempt, path, WEIGHTS if path.split(".")[-1][0] == "W" else OTHERS, p.shape
        )
        for path, p in parameters.items()
    }


def samples(model: Model, name: str, attempt: int, count: int) -> tuple[Array, Array]:
    """Return samples and targets that fit a model's loss."""
    assert model.built is not None
    x = draw(name, attempt, "x", INPUTS, (count, *model.built.input_shape))
    outputs = int(np.prod(model.built.output_shape))
    task = model.trained_loss.task
    if task == "classes":
        bits = Rng(crc32(name.encode()), attempt).at("y").bits((count,))
        return x, (bits % np.uint32(outputs)).astype(int)
    if task == "binary":
        return x, draw(name, attempt, "y", (0, 1), (count, outputs))
    bounded = isinstance(model.built.places[-1].layer, Sigmoid | Softmax)
    return x, draw(name, attempt, "y", SHARES if bounded else VALUES, (count, outputs))


def is_friendly(lines: Sequence[Line]) -> bool:
    """Say whether a sheet can be worked by hand: nothing vanishes, explodes or is dead."""
    for line in lines:
        size = np.abs(np.asarray(line.result, float))
        if not np.isfinite(size).all() or size.max() > LARGEST or size.max() < LOUD:
            return False
        if ((size > 0) & (size < SMALLEST)).any():
            return False
    return True
