"""Small trainings for the doctor: made in milliseconds, healthy or with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.randomness import Rng, permutation


class Case(NamedTuple):
    """A model and the samples that it was trained on."""

    model: cr.Model
    x: Any
    y: Any
    held_out: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Planted:
    """A training in which `symptom` must be found, at `where`, with these numbers."""

    symptom: str
    make: Callable[[], Case]
    where: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)


CE = cr.SoftmaxCrossEntropy


@cache
def digits() -> tuple[Any, Any]:
    """Return 600 of the bundled digits, brought to 0..1, in rows."""
    (x, y), _ = cr.data.load("digits")
    return x[:600].reshape(600, 64).astype(np.float32) / 16, y[:600]


def normal(m: int, n: int, seed: int = 0) -> Any:
    """Return m samples of n numbers from N(0, 1)."""
    return Rng(seed).at("planted").normal((m, n))


def numbers(m: int = 300) -> tuple[Any, Any]:
    """Return a regression that a small network can learn."""
    x = normal(m, 3)
    return x, np.sin(x[:, 0]) + x[:, 1] - 0.5 * x[:, 2]


def train(
    network: cr.Layer,
    loss: cr.Loss | None = None,
    optimizer: cr.Optimizer | None = None,
    *,
    data: tuple[Any, Any] | None = None,
    epochs: int = 5,
    held_out: tuple[Any, Any] | None = None,
    **options: Any,
) -> Case:
    """Return a training on the digits, or on other data; one that breaks is kept as well."""
    x, y = digits() if data is None else data
    model = cr.Model(network, CE() if loss is None else loss, optimizer)
    with suppress(cr.DivergenceError):
        model.fit(x, y, epochs=epochs, verbose=0, engine="numpy", **options)
    return Case(model, x, y, held_out)


def net(*layers: cr.Layer) -> cr.Sequential:
    """Return layers in a row."""
    return cr.Sequential(*layers)


def deep(units: int, layers: int, activation: cr.Layer, start: Any = None) -> cr.Sequential:
    """Return a deep network for the digits."""
    hidden = [layer for _ in range(layers) for layer in (cr.Dense(units, start), activation)]
    return net(*hidden, cr.Dense(10))


def usual(activation: cr.Layer | None = None, **options: Any) -> cr.Sequential:
    """Return a network with one hidden layer."""
    return net(cr.Dense(24, **options), activation or cr.ReLU(), cr.Dense(10))


def mixed(share: float = 1.0) -> tuple[Any, Any]:
    """Return the digits with (a share of) their labels shuffled."""
    x, y = digits()
    which = np.arange(len(y)) < share * len(y)
    return x, np.where(which, y[permutation(3, 0, len(y))], y)


def rare(m: int = 1500) -> tuple[Any, Any]:
    """Return two classes of which the second has one sample in fifty, and looks like the first."""
    x = normal(m, 4, seed=5)
    return x, (np.arange(m) % 50 == 0).astype(int)


@dataclass(frozen=True, repr=False)
class Root(cr.Layer):
    """Y = √X, which is NaN below 0."""

    def forward(self, params: Any, X: Any, ctx: cr.Context = cr.INFERENCE) -> Any:
        Y = np.sqrt(X)
        return Y, Y

    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY / (2 * cache), {}


def holes() -> Case:
    """Return the digits with three NaN, and a model trained without them."""
    case = train(usual(), epochs=1)
    x = case.x.copy()
    x[4, 7] = x[9, 0] = x[9, 1] = np.nan
    return case._replace(x=x)


def dead_by_bias() -> Case:
    """Return a model in which 20 of the 24 units of the first ReLU were pushed far below 0."""
    case = train(usual(), epochs=1)
    bias = np.where(np.arange(24) < 20, -50.0, 0.0)
    case.model.set_parameters({"0.b": bias})
    return case


def memorised() -> Case:
    """Return 80 digits, a quarter of them mislabelled, learnt by heart."""
    x, y = digits()
    labels = np.where(np.arange(80) % 4 == 0, (y[:80] + 3) % 10, y[:80])
    network = net(cr.Dense(64), cr.ReLU(), cr.Dense(64), cr.ReLU(), cr.Dense(10))
    other = (x[300:], y[300:])
    return train(network, None, cr.Adam(0.01), data=(x[:80], labels), epochs=60, held_out=other)


def watched() -> Case:
    """Return the same with a validation curve, and no other samples for the doctor."""
    case = memorised()
    fresh = cr.Model(case.model.network, CE(), cr.Adam(0.01))
    fresh.fit(
        case.x, case.y, 60, validation_data=case.held_out, verbose=0, engine="numpy"
    )  # fmt: skip
    return Case(fresh, case.x, case.y)


def table() -> tuple[Any, Any]:
    """Return a table whose last column is in other units."""
    x = normal(300, 4) * np.array([1, 1, 1, 1000], np.float32)
    return x, (x[:, 0] > 0).astype(int)


def far() -> tuple[Any, Any]:
    """Return the regression in other units."""
    x, y = numbers()
    return x, 5000 + 1000 * y


def few() -> Any:
    """Return which digits are left where there are three 8s and all of the others."""
    y = digits()[1]
    return np.flatnonzero((y != 8) | (np.cumsum(y == 8) <= 3))


def silenced() -> Case:
    """Return a trained model whose biases were changed so that 2 and 7 are never the answer."""
    case = train(usual(), None, cr.Adam(0.01), epochs=8)
    bias = case.model.parameters["2.b"].copy()
    bias[[2, 7]] = -1000.0
    case.model.set_parameters({"2.b": bias})
    case.model.history.curves["loss"] = [2.0, 1.0, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3]
    return case


ONE = net(cr.Dense(16), cr.ReLU(), cr.Dense(1))
