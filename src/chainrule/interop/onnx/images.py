"""Convolution and pooling: channels last here, first in ONNX; the weights are laid out anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.initializers import Shape
from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import AveragePool, Conv1D, Conv2D, GlobalAveragePool, MaxPool
from chainrule.layers.windows import Windows
from chainrule.namespace import Array


@writes(Conv1D, Conv2D)
def write_convolution(at: Place, x: Tensor) -> Tensor:
    """W (window entries · channels, filters) becomes (filters, channels, *window)."""
    layer, channels = at.layer, x.shape[-1]
    W = at.weight("W", channels_first(layer.windows.kernel, channels))
    shape = layer.output_shape(x.shape)
    x, b = at.channels_first(x), at.weight("b")
    return at.node("Conv", x, W, b, shape=shape, **_attributes(layer.windows))


def channels_first(kernel: Shape, channels: int) -> Callable[[Array], Array]:
    """Return the function that lays W out as (filters, channels, *kernel)."""
    return lambda W: np.moveaxis(W.reshape(*kernel, channels, -1), (-1, -2), (0, 1))


def _attributes(windows: Windows) -> dict[str, Any]:
    before, after = zip(*windows.pads, strict=True)
    return {
        "kernel_shape": list(windows.kernel),
        "strides": list(windows.stride),
        "pads": [*before, *after],
    }


@writes(MaxPool)
def write_max_pool(at: Place, x: Tensor) -> Tensor:
    """Outside of the image lies −∞, in ONNX as well."""
    windows = at.layer.windows(len(x.shape) - 1)
    shape = at.layer.output_shape(x.shape)
    return at.node("MaxPool", at.channels_first(x), shape=shape, **_attributes(windows))


@writes(AveragePool)
def write_average_pool(at: Place, x: Tensor) -> Tensor:
    """Let the zeros around the image count as entries."""
    windows, shape = at.layer.windows(len(x.shape) - 1), at.layer.output_shape(x.shape)
    options: dict[str, Any] = {**_attributes(windows), "count_include_pad": 1}
    return at.node("AveragePool", at.channels_first(x), shape=shape, **options)


@writes(GlobalAveragePool)
def write_global_average_pool(at: Place, x: Tensor) -> Tensor:
    """ONNX keeps height and width as 1; they are flattened away."""
    mean = at.node("GlobalAveragePool", at.channels_first(x))
    return at.node("Flatten", mean, shape=x.shape[-1:], channels_first=False, axis=1)
