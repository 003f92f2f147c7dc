"""Trainings with one thing wrong: what the doctor must find, where, and with which numbers."""

from __future__ import annotations

from math import e, log

import numpy as np

import chainrule as cr
from doctor_cases import (
    ONE,
    Planted,
    Root,
    dead_by_bias,
    deep,
    digits,
    far,
    few,
    holes,
    memorised,
    mixed,
    net,
    numbers,
    rare,
    silenced,
    table,
    train,
    usual,
    watched,
)

DENSE_TWICE = 'Dense(24) at "0" and Dense(10) at "1"'
LAST = (cr.Dense(24), cr.ReLU(), cr.Dense(10))
ONE_OF_TWO = net(cr.Dense(8), cr.ReLU(), cr.Dense(2))

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
