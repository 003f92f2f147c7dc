"""Layers: each states its formula, its derivative and the code for both, side by side."""

from chainrule.layers.activations import Identity, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from chainrule.layers.adapting import Normalize, OneHot, Standardize
from chainrule.layers.base import INFERENCE, Context, Layer, Spec
from chainrule.layers.branches import Concatenate, Residual, Sum
from chainrule.layers.columns import Columns, columns
from chainrule.layers.combinators import Sequential
from chainrule.layers.convolution import Conv1D, Conv2D
from chainrule.layers.dense import Dense
from chainrule.layers.dropout import Dropout
from chainrule.layers.embedding import Embedding
from chainrule.layers.normalization import BatchNorm, LayerNorm
from chainrule.layers.pooling import AveragePool, GlobalAveragePool, MaxPool
from chainrule.layers.rectifiers import ELU, SELU, Clip, PReLU
from chainrule.layers.reshaping import Flatten, Reshape, Scale, Slice
from chainrule.layers.shared import Shared
from chainrule.layers.smooth_activations import (
    GELU,
    LogSoftmax,
    Mish,
    SiLU,
    Softplus,
    Softsign,
)

__all__ = [
    "ELU",
    "GELU",
    "INFERENCE",
    "SELU",
    "AveragePool",
    "BatchNorm",
    "Clip",
    "Columns",
    "Concatenate",
    "Context",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAveragePool",
    "Identity",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LogSoftmax",
    "MaxPool",
    "Mish",
    "Normalize",
    "OneHot",
    "PReLU",
    "ReLU",
    "Reshape",
    "Residual",
    "Scale",
    "Sequential",
    "Shared",
    "SiLU",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "Spec",
    "Standardize",
    "Sum",
    "Tanh",
    "columns",
]
