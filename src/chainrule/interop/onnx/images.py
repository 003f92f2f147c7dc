"""Convolution and pooling: channels last here, first in ONNX; the weights are laid out anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, prod
from typing import Any

import numpy as np

from chainrule.initializers import Shape
from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import (
    AveragePool,
    Concatenate,
    Conv1D,
    Conv2D,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Sequential,
    Slice,
)
from chainrule.layers.windows import Padding, Pads, Size, Windows
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
    """Take windows without gaps; groups are convolutions of some channels each, side by side."""
    W = at.constant(1)
    at.require(W.ndim in (3, 4), f"weights of shape {W.shape}: images or sequences")
    axes = W.ndim - 2
    at.require(len(at.track.sizes) == axes + 1, f"weights {W.shape} on samples {at.track.sizes}")
    groups, channels, filters = at.attribute("group", 1), at.track.sizes[0], W.shape[0]
    at.require(groups > 0 and filters % groups == 0, f"{filters} filters in {groups} groups")
    kernel = tuple(at.attribute("kernel_shape", W.shape[2:]))
    at.require(kernel == W.shape[2:], f"kernel_shape {kernel} and weights {W.shape}")
    at.require(W.shape[1] * groups == channels, f"weights {W.shape}, {channels} channels")
    b = at.constant(2) if at.has(2) else np.zeros(filters, W.dtype)
    at.require(b.shape == (filters,), f"a bias of shape {b.shape} for {filters} filters")
    options = {"kernel": _short(kernel), **_options(at, kernel)}
    layer: Callable[[int], Layer] = partial(Conv2D if axes == 2 else Conv1D, **options)
    at.track.channels_last()
    if groups == 1:
        params = {"W": channels_last(W), "b": b}
        at.add(layer(filters), params, at.track.axes, not at.has(2))
        return
    n, each = W.shape[1], filters // groups
    branches = [Sequential(Slice(g * n, (g + 1) * n), layer(each)) for g in range(groups)]
    weights = zip(np.split(W, groups), np.split(b, groups), strict=True)
    arrays = [{"0": {}, "1": {"W": channels_last(W), "b": b}} for W, b in weights]
    at.add(Concatenate(*branches), {str(g): a for g, a in enumerate(arrays)}, at.track.axes)


def _options(at: Reading, kernel: Shape) -> dict[str, Any]:
    """Return stride and padding of a convolution; what keeps the size is called "same"."""
    windows = _windows(at, kernel)
    same = tuple(((k - 1) // 2, k // 2) for k in kernel)
    if windows.pads == same and len(set(windows.pads[0])) == 2 and set(windows.stride) == {1}:
        return {"padding": "same"}
    return {"stride": _short(windows.stride), "padding": _padding(windows.pads)}


@reads("MaxPool")
def read_max_pool(at: Reading) -> None:
    """Take windows without gaps; what lies around the image never is the largest."""
    if any(at.used(name) for name in at.node.outputs[1:]):
        raise at.refused("with the places of its maxima in use")
    _pool(at, MaxPool, around=-inf)


@reads("AveragePool")
def read_average_pool(at: Reading) -> None:
    """Take it with padding, the zeros must count as entries."""
    _pool(at, AveragePool)


def _pool(at: Reading, layer_type: type[MaxPool] | type[AveragePool], around: float = 0.0) -> None:
    kernel = tuple(at.attribute("kernel_shape", ()))
    at.require(len(kernel) == len(at.track.sizes) - 1, f"kernel {kernel} on {at.track.sizes}")
    before, own = at.track.pads, any(at.attribute("pads", ())) or at.attribute("auto_pad", "")
    windows = _windows(at, kernel, around)
    counted = at.attribute("count_include_pad", 0) or (before and not own)
    if layer_type is AveragePool and any(map(any, windows.pads)) and not counted:
        raise at.refused("with pads that do not count (count_include_pad=0): here they count")
    if at.attribute("ceil_mode", 0):
        wider = _up_to_the_end(at.track.sizes[1:], windows)
        if layer_type is AveragePool and wider != windows:
            raise at.refused("with ceil_mode=1: windows that reach beyond the image")
        windows = wider
    stride = None if windows.stride == kernel else _short(windows.stride)
    at.track.channels_last()
    at.add(layer_type(_short(kernel), stride, _padding(windows.pads)), {}, at.track.axes)


def _up_to_the_end(size: Shape, windows: Windows) -> Windows:
    """Return windows with the pads behind that a last, incomplete one needs (ceil_mode)."""
    pads = []
    for n, k, s, (before, after) in zip(size, *windows, strict=True):
        rest = (n + before + after - k) % s
        begins = n + before + after - rest - k + s  # where the incomplete window would
        pads.append((before, after + (s - rest if rest and begins < n + before else 0)))
    return windows._replace(pads=tuple(pads))


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
    given = at.constant(1).tolist() if at.has(1) else at.attribute("axes", ())
    if not given:  # all of them, unless that is said to mean none
        if at.attribute("noop_with_empty_axes", 0):
            return
        given = range(rank + 1)
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


def _windows(at: Reading, kernel: Shape, around: float = 0.0) -> Windows:
    """Return the node's windows, with what a Pad before it puts `around`; raise for gaps."""
    d = len(kernel)
    stride = tuple(at.attribute("strides", (1,) * d))
    if set(at.attribute("dilations", (1,) * d)) - {1}:
        raise at.refused(f"with dilations {at.attribute('dilations', ())}: windows have no gaps")
    pads = list(at.attribute("pads", (0,) * 2 * d))
    at.require(len(stride) == d and len(pads) == 2 * d, f"strides {stride}, pads {pads}")
    at.require(min([*kernel, *stride], default=1) > 0, f"kernel {kernel}, strides {stride}")
    if min(pads, default=0) < 0:
        raise at.refused(f"with pads {pads}: below 0")
    before = at.track.take_pads(around)
    auto = at.attribute("auto_pad", "NOTSET")
    if before and auto in ("SAME_UPPER", "SAME_LOWER"):
        raise at.refused(f"with auto_pad={auto} after a Pad: no layer pads twice")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = at.track.sizes[1:]
        total = [
            max((-(-n // s) - 1) * s + k - n, 0)
            for n, s, k in zip(sizes, stride, kernel, strict=True)
        ]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = [*less, *more] if auto == "SAME_UPPER" else [*more, *less]
    pairs = [before.get(i + 2, (0, 0)) for i in range(d)]
    own = zip(pads[:d], pads[d:], strict=True)
    whole = tuple((p + a, q + b) for (p, q), (a, b) in zip(own, pairs, strict=True))
    return Windows(kernel, stride, whole)


@reads("Pad")
def read_pad(at: Reading) -> None:
    """Take what lies around an image for the convolution or pool that follows."""
    rank = len(at.track.sizes) + 1
    given = at.constant(1).tolist() if at.has(1) else at.attribute("pads", ())
    axes = [int(a) % rank for a in at.constant(3)] if at.has(3) else list(range(rank))
    at.require(len(given) == 2 * len(axes), f"pads {given} for the axes {axes}")
    value = at.constant(2).item() if at.has(2) else at.attribute("value", 0.0)
    pairs = dict(zip(axes, zip(given[: len(axes)], given[len(axes) :], strict=True), strict=True))
    pairs = {a: pair for a, pair in pairs.items() if any(pair)}
    mode = at.attribute("mode", "constant")
    if mode == "edge":  # copies of what a window holds anyway do not move its maximum
        mode, value = "constant", -inf
    if min(given, default=0) < 0 or 0 in pairs or mode != "constant":
        raise at.refused("of the samples, cut off, or with values of the image: no layer does that")
    at.track.pads, at.track.around = pairs, float(value) if pairs else 0.0


def _padding(pads: Pads) -> Padding:
    """Return one number for both sides where they are alike."""
    if all(before == after for before, after in pads):
        return _short(tuple(before for before, _ in pads))
    return pads


def _short(sizes: Shape) -> Size:
    """Return one number where all axes have the same."""
    return sizes[0] if len(set(sizes)) == 1 and prod(sizes) >= 0 else sizes
