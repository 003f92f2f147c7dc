"""Models and pages that the tests of explaining share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.explaining.board_file import BUILT_IN, drawn
from chainrule.explaining.explain import Explanation, explain
from chainrule.explaining.page import Chain, Line, Page

Case = tuple[cr.Model, Any, Any]


def example(**options: Any) -> Explanation:
    """The network of the example, 2-2-1."""
    model, x, y, _ = drawn(BUILT_IN)
    return explain(model, x, y, **options)


def model(network: cr.Layer, loss: cr.Loss, shape: tuple[int, ...], **options: Any) -> cr.Model:
    return cr.Model(network, loss, **{"optimizer": cr.SGD(0.1), **options}, input_shape=shape)


X = np.array([[0.2, 0.4, -0.3], [1.0, -0.5, 0.7]])
IMAGES = (np.arange(72) % 37).reshape(2, 6, 6, 1) / 36

CASES: dict[str, Callable[[], Case]] = {
    "one neuron": lambda: (
        model(cr.Sequential(cr.Dense(1), cr.Sigmoid()), cr.BinaryCrossEntropy(), (3,)), X, [1, 0],
    ),
    "one sample": lambda: (
        model(cr.Sequential(cr.Dense(2), cr.Tanh(), cr.Dense(2)), cr.SquaredError("sum"), (3,)),
        X[:1], [[0.5, -0.5]],
    ),
    "classes": lambda: (
        model(cr.Sequential(cr.Dense(4), cr.ReLU(), cr.Dense(3), cr.Softmax()),
              cr.CrossEntropy(), (3,)), X, [2, 0],
    ),
    "softmax and squares": lambda: (
        model(cr.Sequential(cr.Dense(3), cr.Softmax()), cr.SquaredError("mean"), (3,)), X, [2, 0],
    ),
    "momentum": lambda: (
        model(cr.Sequential(cr.Dense(1), cr.LeakyReLU()), cr.SquaredError(), (3,),
              optimizer=cr.SGD(0.1, momentum=0.9)), X, [[1.0], [0.0]],
    ),
    "adam, logits": lambda: (
        model(cr.Dense(2), cr.SigmoidCrossEntropy(reduction="sum"), (3,), optimizer=cr.Adam()),
        X, [[1, 0], [0, 1]],
    ),
    "probabilities": lambda: (
        model(cr.Sequential(cr.Dense(3), cr.Softmax(), cr.Identity()), cr.CrossEntropy(), (3,)),
        X, [2, 1],
    ),
    "flags": lambda: (
        model(cr.Sequential(cr.Dense(2), cr.Sigmoid(), cr.Identity()),
              cr.BinaryCrossEntropy(), (3,)), X, [[1, 0], [0, 1]],
    ),
    "images": lambda: (
        model(cr.Sequential(cr.Scale(0.5), cr.Flatten(), cr.Dense(2)), cr.SoftmaxCrossEntropy(),
              (6, 6, 1), optimizer=cr.RMSProp()), IMAGES, [0, 1],
    ),
    "convolution": lambda: (
        model(cr.Sequential(cr.Conv2D(2, 3), cr.ReLU(), cr.MaxPool(2), cr.Flatten(), cr.Dense(2)),
              cr.SoftmaxCrossEntropy(), (6, 6, 1)), IMAGES, [0, 1],
    ),
    "normalized": lambda: (
        model(cr.Sequential(cr.Dense(3), cr.BatchNorm(), cr.Dropout(0.5), cr.LayerNorm(),
                            cr.Dense(2)), cr.SquaredError(), (3,)), X, [[1.0, 0.0], [0.0, 1.0]],
    ),
    "residual": lambda: (
        model(cr.Sequential(cr.Residual(cr.Dense(3), cr.Tanh(), cr.Dense(3)), cr.Dense(1)),
              cr.SquaredError(), (3,)), X, [[1.0], [0.0]],
    ),
    "shared": lambda: (
        model(cr.Sequential(cr.Shared("t", cr.Dense(3)), cr.Tanh(), cr.Shared("t", cr.Dense(3))),
              cr.SquaredError(), (3,)), X, [[1.0, 0, 0], [0.0, 1, 0]],
    ),
}  # fmt: skip


def lines(page: Page) -> list[Line]:
    return [b for section in page.sections for b in section.blocks if isinstance(b, Line)]


def chains(page: Page) -> list[Chain]:
    return [b for section in page.sections for b in section.blocks if isinstance(b, Chain)]
