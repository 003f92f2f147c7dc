"""Trainings with nothing wrong: what the doctor must let alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from doctor_cases import ONE, Case, digits, net, normal, numbers, train, usual


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
    "regression, a wrapped optimizer": healthy(
        ONE, loss=cr.Huber(), optimizer=cr.Averaged(cr.Clipped(cr.SGD(0.1), norm=1.0)),
        data=numbers(), epochs=20,
    ),
    "counts, a loss below 0": healthy(
        ONE, loss=cr.Poisson(), optimizer=cr.Adam(0.01),
        data=(numbers()[0], np.floor(np.exp(numbers()[0][:, 0] + 1))), epochs=20,
        validation_split=0.2,
    ),
    "flags, a margin": healthy(
        ONE, loss=cr.Hinge(), optimizer=cr.Adam(0.01),
        data=(numbers()[0], (numbers()[1] > 0).astype(int)), epochs=20,
    ),
    "images": healthy(
        net(cr.Conv2D(6, 3), cr.ReLU(), cr.MaxPool(2), cr.Flatten(), cr.Dense(10)),
        data=(digits()[0].reshape(-1, 8, 8, 1), digits()[1]), optimizer=cr.Adam(0.01), epochs=6,
    ),
    "branches": healthy(
        net(cr.Concatenate(cr.Dense(12), net(cr.Dense(8), cr.ReLU())), cr.ReLU(), cr.Dense(10)),
        epochs=8,
    ),
    "shared": healthy(
        net(cr.Dense(12), cr.ReLU(), cr.Shared("t", cr.Dense(12)), cr.Tanh(),
            cr.Shared("t", cr.Dense(12)), cr.ReLU(), cr.Dense(10)),
        epochs=12,
    ),
    "normalised": healthy(
        net(cr.Dense(24), cr.BatchNorm(), cr.ReLU(), cr.Dense(16), cr.LayerNorm(), cr.GELU(),
            cr.Dense(10)),
        epochs=10,
    ),
    "regression, untrained": healthy(ONE, loss=cr.SquaredError(), data=numbers(), epochs=0),
    "regression, two outputs": healthy(
        net(cr.Dense(16), cr.Tanh(), cr.Dense(2)), loss=cr.SquaredError("mean"),
        optimizer=cr.Adam(0.01), data=(numbers()[0], numbers()[0][:, :2] ** 2), epochs=30,
    ),
}  # fmt: skip
