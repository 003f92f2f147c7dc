"""Layers: each states its formula, its derivative and the code for both, side by side."""

from chainrule.layers.activations import Identity, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.layers.columns import Columns, columns
from chainrule.layers.combinators import Sequential
from chainrule.layers.dense import Dense
from chainrule.layers.reshaping import Flatten, Scale

__all__ = [
    "INFERENCE",
    "Columns",
    "Context",
    "Dense",
    "Flatten",
    "Identity",
    "Layer",
    "LeakyReLU",
    "ReLU",
    "Scale",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Spec",
    "Tanh",
    "columns",
]
