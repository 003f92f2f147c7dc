"""Trainings with one thing wrong, and healthy ones: what the doctor must, and must not, find."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import e, log
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


DENSE_TWICE = 'Dense(24) at "0" and Dense(10) at "1"'
LAST = (cr.Dense(24), cr.ReLU(), cr.Dense(10))
ONE_OF_TWO = net(cr.Dense(8), cr.ReLU(), cr.Dense(2))
ONE = net(cr.Dense(16), cr.ReLU(), cr.Dense(1))

PLANTED = [
    Planted("NaN or infinite numbers", holes, "x", {"count": 3, "first": "x[4, 7] = nan"}),
    Planted(
        "NaN or infinite numbers",
        lambda: train(net(cr.Dense(4), Root(), cr.Dense(10)), epochs=0),
        'Root() at "1"',
        {"array": "Y", "layer": "1"},
    ),
    Planted(
        "inputs not scaled",
        lambda: train(
            net(cr.Flatten(), *usual().layers),
            data=(digits()[0].reshape(-1, 8, 8) * 255, digits()[1]),
        ),
        'the input of Dense(24) at "1"',
        {"low": 0.0, "high": 255.0},
    ),
    Planted(
        "inputs not scaled",
        lambda: train(net(cr.Dense(8), cr.ReLU(), cr.Dense(2)), data=table()),
        'the input of Dense(8) at "0"',
        {"widest": 3},
    ),
    Planted(
        "inputs not scaled",
        lambda: train(
            net(cr.Dense(8), cr.Tanh(), cr.Dense(10)), data=(digits()[0] * 1e-5, digits()[1])
        ),
        'the input of Dense(8) at "0"',
    ),
    Planted("targets not scaled", lambda: train(ONE, cr.SquaredError(), data=far()), "y"),
    Planted(
        "targets not scaled",
        lambda: train(cr.Dense(1), cr.SquaredError(), data=(far()[0], far()[1] / 50)),
        "y",
    ),
    Planted(
        "dead ReLUs", dead_by_bias, 'ReLU() at "1"', {"units": 24, "samples": 500, "layer": "1"}
    ),
    Planted(
        "dead ReLUs",
        lambda: train(usual(), None, cr.Adam(1.0)),
        'ReLU() at "1"',
        {"units": 24, "dead": 24},
    ),
    Planted(
        "saturated activations",
        lambda: train(usual(cr.Sigmoid(), initializer=cr.Normal(5.0)), epochs=0),
        'Sigmoid() at "1"',
        {"beyond": 6.0},
    ),
    Planted(
        "saturated activations",
        lambda: train(usual(cr.Tanh()), data=(digits()[0] * 255, digits()[1]), epochs=1),
        'Tanh() at "1"',
        {"beyond": 3.0},
    ),
    Planted(
        "saturated output",
        lambda: train(net(cr.Dense(10, cr.Normal(5.0)), cr.Sigmoid()), cr.SquaredError(), epochs=1),
        'Sigmoid() at "1"',
    ),
    Planted(
        "saturated output",
        lambda: train(
            net(cr.Dense(10, bias_initializer=cr.Constant(9.0)), cr.Sigmoid()),
            cr.SquaredError(),
            epochs=0,
        ),
        'Sigmoid() at "1"',
        {"share": 1.0},
    ),
    Planted("vanishing gradients", lambda: train(deep(20, 8, cr.Sigmoid())), 'Dense(20) at "0"'),
    Planted(
        "vanishing gradients",
        lambda: train(deep(20, 4, cr.Tanh(), cr.Normal(0.01)), epochs=0),
        'Dense(20, Normal(0.01)) at "0"',
    ),
    Planted(
        "exploding gradients",
        lambda: train(deep(20, 8, cr.ReLU(), cr.Normal(2.0)), epochs=0),
        'Dense(20, Normal(2.0)) at "0"',
    ),
    Planted(
        "exploding gradients",
        lambda: train(deep(30, 6, cr.LeakyReLU(), cr.Uniform(-4, 4)), epochs=0),
        'Dense(30, Uniform(-4, 4)) at "0"',
    ),
    Planted("learning rate too high", lambda: train(usual(), None, cr.Adam(1.0)), "1"),
    Planted(
        "learning rate too high",
        lambda: train(
            net(cr.Dense(24), cr.Tanh(), cr.Dense(1)),
            cr.SquaredError(),
            cr.SGD(8.0),
            data=numbers(),
        ),
        "8",
    ),
    Planted(
        "learning rate too high",
        lambda: train(cr.Dense(1), cr.SquaredError(), cr.SGD(5.0), data=numbers()),
        "5",
    ),
    Planted("learning rate too low", lambda: train(usual(), None, cr.SGD(1e-5)), "1e-05"),
    Planted("learning rate too low", lambda: train(usual(), None, cr.Adam(1e-7)), "1e-07"),
    Planted(
        "learning rate too low", lambda: train(usual(), None, cr.Adam(1e-9), epochs=0), "1e-09"
    ),
    Planted(
        "softmax twice",
        lambda: train(net(*LAST, cr.Softmax())),
        'Softmax() at "3"',
        {"surest": e / (e + 9), "least_loss": -log(e / (e + 9))},
    ),
    Planted(
        "softmax twice",
        lambda: train(net(*LAST, cr.Softmax(), cr.Softmax()), cr.CrossEntropy()),
        'Softmax() at "3"',
    ),
    Planted(
        "softmax twice",
        lambda: train(
            net(cr.Dense(8), cr.ReLU(), cr.Dense(1), cr.Sigmoid()),
            cr.SigmoidCrossEntropy(),
            data=table(),
        ),
        'Sigmoid() at "3"',
    ),
    Planted("loss and output do not fit", lambda: train(net(*LAST, cr.ReLU())), 'ReLU() at "3"'),
    Planted(
        "loss and output do not fit", lambda: train(net(*LAST, cr.Sigmoid())), 'Sigmoid() at "3"'
    ),
    Planted(
        "loss and output do not fit",
        lambda: train(net(*LAST), cr.CrossEntropy()),
        'Dense(10) at "2"',
    ),
    Planted(
        "loss and output do not fit",
        lambda: train(net(*LAST, cr.Sigmoid()), cr.CrossEntropy()),
        'Sigmoid() at "3"',
    ),
    Planted(
        "loss and output do not fit",
        lambda: train(net(*ONE.layers, cr.Sigmoid()), cr.SquaredError(), data=numbers()),
        'Sigmoid() at "3"',
    ),
    Planted(
        "loss and output do not fit",
        lambda: train(net(*ONE.layers, cr.ReLU()), cr.SquaredError(), data=numbers()),
        'ReLU() at "3"',
    ),
    Planted("squared error with labels", lambda: train(usual(), cr.SquaredError())),
    Planted(
        "squared error with labels",
        lambda: train(ONE, cr.SquaredError(), data=(digits()[0], digits()[1].astype(float))),
        numbers={"classes": 10},
    ),
    Planted(
        "two Dense layers with nothing between",
        lambda: train(net(cr.Dense(24), cr.Dense(10))),
        DENSE_TWICE,
        {"parameters": 64 * 24 + 24 + 24 * 10 + 10, "enough": 650},
    ),
    Planted(
        "two Dense layers with nothing between",
        lambda: train(
            net(cr.Sequential(cr.Dense(4), cr.Identity()), cr.Dense(8), cr.ReLU(), cr.Dense(10)),
            epochs=0,
        ),
        'Dense(4) at "0.0" and Dense(8) at "1"',
    ),
    Planted("labels look shuffled", lambda: train(usual(), data=mixed(), epochs=10), "y"),
    Planted(
        "labels look shuffled",
        lambda: train(ONE, cr.SquaredError(), data=(numbers()[0], np.roll(numbers()[1], 7))),
        "y",
    ),
    Planted(
        "labels look shuffled",
        lambda: train(usual(), None, cr.Adam(0.01), data=mixed(), epochs=40, validation_split=0.2),
        "y",
    ),
    Planted(
        "constant labels",
        lambda: train(usual(), data=(digits()[0], np.full(600, 3))),
        "y",
        {"value": "3", "samples": 600},
    ),
    Planted(
        "constant labels",
        lambda: train(ONE, cr.SquaredError(), data=(numbers()[0], np.full(300, 1.5))),
        "y",
        {"value": "1.5"},
    ),
    Planted(
        "nothing learnt",
        lambda: train(usual(initializer=cr.Zeros()), epochs=15),
        "the loss",
    ),
    Planted("nothing learnt", lambda: train(deep(20, 8, cr.Sigmoid()), epochs=15), "the loss"),
    Planted("over-fitting", memorised, "the training samples"),
    Planted("over-fitting", watched),
    Planted("classes are uneven", lambda: train(ONE_OF_TWO, data=rare()), "class 1", {"least": 30}),
    Planted(
        "classes are uneven",
        lambda: train(usual(), data=(digits()[0][few()], digits()[1][few()])),
        numbers={"least": 3},
    ),
    Planted(
        "a class is never predicted",
        lambda: train(ONE_OF_TWO, data=rare(), epochs=25),
        "class 1",
        {"classes": [1], "counts": [30]},
    ),
    Planted("a class is never predicted", lambda: silenced(), "classes 2, 7", {"classes": [2, 7]}),
]


def blobs() -> tuple[Any, Any]:
    """Return two overlapping clouds that a line tells apart 8 times of 10."""
    x = normal(500, 2, seed=9)
    y = (np.arange(500) % 2).astype(int)
    return x + 0.85 * (2 * y[:, None] - 1), y


def healthy(network: cr.Layer, **options: Any) -> Callable[[], Case]:
    """Return the maker of a training with nothing wrong."""
    return lambda: train(network, **options)


XOR, MOONS = cr.data.make_xor(), cr.data.make_moons(600)
SMALL = net(cr.Dense(8), cr.Tanh(), cr.Dense(2))
PROBABILITY = net(cr.Dense(8), cr.Tanh(), cr.Dense(1), cr.Sigmoid())
TWO_HIDDEN = net(cr.Dense(24), cr.ReLU(), cr.Dense(16), cr.ReLU(), cr.Dense(10), cr.Softmax())
SIGMOID = cr.Sigmoid()

HEALTHY = {
    "digits, untrained": healthy(usual(), epochs=0),
    "digits, one epoch": healthy(usual(), epochs=1),
    "digits, relu": healthy(usual(), epochs=15, validation_split=0.2),
    "digits, tanh": healthy(usual(cr.Tanh()), epochs=15, validation_split=0.2),
    "digits, sigmoid": healthy(usual(SIGMOID), optimizer=cr.SGD(0.5), epochs=20),
    "digits, plain descent": healthy(usual(), optimizer=cr.SGD(0.1), epochs=10),
    "digits, large steps": healthy(usual(), optimizer=cr.Adam(0.03), epochs=10),
    "digits, two hidden layers": healthy(TWO_HIDDEN, loss=cr.CrossEntropy(), epochs=20),
    "digits, no hidden layer": healthy(cr.Dense(10), optimizer=cr.Adam(0.01), epochs=20),
    "digits, dropout": healthy(
        net(cr.Dense(32), cr.ReLU(), cr.Dropout(0.3), cr.Dense(10)), epochs=20, validation_split=0.2
    ),
    "digits, residual": healthy(
        net(cr.Dense(16), cr.Residual(cr.ReLU(), cr.Dense(16)), cr.ReLU(), cr.Dense(10)), epochs=15
    ),
    "digits, standardised": healthy(
        net(cr.Standardize(), cr.Dense(16), cr.ReLU(), cr.Dense(10)),
        data=(digits()[0] * 255, digits()[1]),
        epochs=10,
    ),
    "xor": healthy(SMALL, optimizer=cr.Adam(0.1), data=XOR, epochs=200),
    "xor, flags": healthy(
        PROBABILITY, loss=cr.BinaryCrossEntropy(), optimizer=cr.SGD(1.0), data=XOR, epochs=500
    ),
    "xor, summed": healthy(
        PROBABILITY, loss=cr.BinaryCrossEntropy(reduction="sum"), optimizer=cr.SGD(0.5), data=XOR,
        epochs=500,
    ),
    "moons": healthy(
        SMALL, optimizer=cr.Adam(0.02), data=MOONS, epochs=30,
        held_out=cr.data.make_moons(200, seed=3),
    ),
    "moons, relu": healthy(
        net(cr.Dense(32), cr.ReLU(), cr.Dense(2)), optimizer=cr.Adam(0.01), data=MOONS, epochs=20,
        validation_split=0.2,
    ),
    "overlapping clouds": healthy(cr.Dense(2), optimizer=cr.Adam(0.01), data=blobs(), epochs=20),
    "regression": healthy(
        ONE, loss=cr.SquaredError(), optimizer=cr.Adam(0.01), data=numbers(), epochs=30,
        validation_split=0.2,
    ),
    "regression, a line": healthy(
        cr.Dense(1), loss=cr.SquaredError(), optimizer=cr.SGD(0.1), data=numbers(), epochs=20
    ),
    "regression, untrained": healthy(ONE, loss=cr.SquaredError(), data=numbers(), epochs=0),
    "regression, two outputs": healthy(
        net(cr.Dense(16), cr.Tanh(), cr.Dense(2)), loss=cr.SquaredError("mean"),
        optimizer=cr.Adam(0.01), data=(numbers()[0], numbers()[0][:, :2] ** 2), epochs=30,
    ),
}  # fmt: skip
