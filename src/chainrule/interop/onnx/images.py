"""Convolution and pooling: channels last here, first in ONNX; the weights are laid out anew."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from chainrule.initializers import Shape
from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import AveragePool, Conv1D, Conv2D, GlobalAveragePool, MaxPool
from chainrule.layers.windows import Size, Windows
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


def channels_last(W: Array) -> Array:
    """Return weights (filters, channels, *kernel) as one matrix (window entries, filters)."""
    return np.moveaxis(W, (0, 1), (-1, -2)).reshape(-1, W.shape[0])


@reads("Conv")
def read_convolution(at: Reading) -> None:
    """Take one group, no dilation, and the same padding on both sides (or "same")."""
    W = at.constant(1)
    at.require(W.ndim in (3, 4), f"weights of shape {W.shape}: images or sequences")
    axes = W.ndim - 2
    at.require(len(at.track.sizes) == axes + 1, f"weights {W.shape} on samples {at.track.sizes}")
    if at.attribute("group", 1) != 1:
        raise at.refused(f"with group={at.attribute('group', 1)}: no layer convolves in groups")
    kernel = tuple(at.attribute("kernel_shape", W.shape[2:]))
    at.require(kernel == W.shape[2:], f"kernel_shape {kernel} and weights {W.shape}")
    at.require(W.shape[1] == at.track.sizes[0], f"weights {W.shape}, {at.track.sizes[0]} channels")
    b = at.constant(2) if at.has(2) else np.zeros(W.shape[0], W.dtype)
    at.require(b.shape == (W.shape[0],), f"a bias of shape {b.shape} for {W.shape[0]} filters")
    windows = _windows(at, kernel)
    layer_type = Conv2D if axes == 2 else Conv1D
    shape: Size = _short(kernel)
    stride, (before, after) = windows.stride, zip(*windows.pads, strict=True)
    if before == after:
        layer = layer_type(W.shape[0], shape, _short(stride), _short(before))
    else:
        same = tuple(((k - 1) // 2, k // 2) for k in kernel)
        if windows.pads != same or set(stride) != {1}:
            raise at.refused(f"with pads {[*before, *after]}: they must be the same on both sides")
        layer = layer_type(W.shape[0], shape, padding="same")
    at.track.channels_last()
    at.add(layer, {"W": channels_last(W), "b": b}, at.track.axes, not at.has(2))


@reads("MaxPool")
def read_max_pool(at: Reading) -> None:
    """Take windows without dilation; the indices, a second output, have no layer."""
    if len([name for name in at.node.outputs if name]) > 1:
        raise at.refused("with the places of the maxima as an output")
    _pool(at, MaxPool)


@reads("AveragePool")
def read_average_pool(at: Reading) -> None:
    """Take it with padding, the zeros must count as entries."""
    padded = any(map(any, _windows(at, tuple(at.attribute("kernel_shape", ()))).pads))
    if padded and not at.attribute("count_include_pad", 0):
        raise at.refused("with pads that do not count (count_include_pad=0): here they count")
    _pool(at, AveragePool)


def _pool(at: Reading, layer_type: type[MaxPool] | type[AveragePool]) -> None:
    kernel = tuple(at.attribute("kernel_shape", ()))
    at.require(len(kernel) == len(at.track.sizes) - 1, f"kernel {kernel} on {at.track.sizes}")
    windows = _windows(at, kernel)
    before, after = zip(*windows.pads, strict=True)
    if before != after:
        raise at.refused(f"with pads {[*before, *after]}: they must be the same on both sides")
    if at.attribute("ceil_mode", 0):
        rest = [
            (n + 2 * p - k) % s
            for n, p, k, s in zip(at.track.sizes[1:], before, kernel, windows.stride, strict=True)
        ]
        if any(rest):
            raise at.refused("with ceil_mode=1: windows that reach beyond the image")
    stride = None if windows.stride == kernel else _short(windows.stride)
    at.track.channels_last()
    at.add(layer_type(_short(kernel), stride, _short(before)), {}, at.track.axes)


@reads("GlobalAveragePool")
def read_global_average_pool(at: Reading) -> None:
    """Take the mean of each channel; height and width stay as 1."""
    at.require(len(at.track.sizes) > 1, f"samples of shape {at.track.sizes}")
    at.track.channels_last()
    at.add(GlobalAveragePool(), {}, (1,), sizes=(at.track.sizes[0], *_ones(at)))


@reads("GlobalMaxPool")
def read_global_max_pool(at: Reading) -> None:
    """Take one window as large as the image."""
    at.require(len(at.track.sizes) > 1, f"samples of shape {at.track.sizes}")
    at.track.channels_last()
    at.add(MaxPool(_short(at.track.sizes[1:])), {}, at.track.axes)


@reads("ReduceMean")
def read_mean(at: Reading) -> None:
    """Take the mean over height and width, or over the places of a sequence, is a pooling."""
    rank = len(at.track.sizes)
    given = at.constant(1).tolist() if at.has(1) else at.attribute("axes", range(rank + 1))
    axes = {a % (rank + 1) for a in given}
    left = [a for a in range(1, rank + 1) if a not in axes]
    if 0 in axes or len(left) != 1 or rank < 2:
        raise at.refused(f"over the axes {sorted(axes)}: a mean over all places of each channel")
    at.track.arrange((*sorted(axes), left[0]))
    kept = at.attribute("keepdims", 1)
    sizes = [1 if i + 1 in axes else n for i, n in enumerate(at.track.sizes)]
    channels = at.track.sizes[left[0] - 1]
    if kept:
        at.add(GlobalAveragePool(), {}, (left[0],), sizes=tuple(sizes))
    else:
        at.add(GlobalAveragePool(), {}, (1,), sizes=(channels,))


def _ones(at: Reading) -> Shape:
    return (1,) * (len(at.track.sizes) - 1)


def _windows(at: Reading, kernel: Shape) -> Windows:
    """Return the node's windows; raise for what no layer does."""
    d = len(kernel)
    stride = tuple(at.attribute("strides", (1,) * d))
    if set(at.attribute("dilations", (1,) * d)) - {1}:
        raise at.refused(f"with dilations {at.attribute('dilations', ())}: windows have no gaps")
    pads = list(at.attribute("pads", (0,) * 2 * d))
    at.require(len(stride) == d and len(pads) == 2 * d, f"strides {stride}, pads {pads}")
    at.require(min([*kernel, *stride], default=1) > 0, f"kernel {kernel}, strides {stride}")
    if min(pads, default=0) < 0:
        raise at.refused(f"with pads {pads}: below 0")
    auto = at.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = at.track.sizes[1:]
        total = [
            max((-(-n // s) - 1) * s + k - n, 0)
            for n, s, k in zip(sizes, stride, kernel, strict=True)
        ]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = [*less, *more] if auto == "SAME_UPPER" else [*more, *less]
    return Windows(kernel, stride, tuple(zip(pads[:d], pads[d:], strict=True)))


def _short(sizes: Shape) -> Size:
    """Return one number where all axes have the same."""
    return sizes[0] if len(set(sizes)) == 1 and prod(sizes) >= 0 else sizes
