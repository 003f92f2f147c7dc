"""Rows of the table of example layers: convolution and pooling, channels last here, first there."""

from __future__ import annotations

from typing import Any

import chainrule as cr
from example_layer import Example


def channels_first(X: Any) -> Any:
    return X.movedim(-1, 1)


def channels_last(Y: Any) -> Any:
    return Y.movedim(1, -1)


def convolution(layer: Any) -> Any:
    """Return the oracle of a convolution: W (k_h · k_w · c, filters) as PyTorch lays it out."""

    def oracle(torch: Any, p: Any, X: Any) -> Any:
        kernel = layer.windows.kernel
        W = p["W"].reshape(*kernel, X.shape[-1], layer.filters).movedim((-1, -2), (0, 1))
        W = W.clone(memory_format=torch.contiguous_format)
        f = torch.nn.functional.conv2d if len(kernel) == 2 else torch.nn.functional.conv1d
        pads = [n for pair in reversed(layer.windows.pads) for n in pair]
        padded = torch.nn.functional.pad(channels_first(X), pads)
        return channels_last(f(padded, W, p["b"], layer.stride))

    return oracle


def pooling(name: str, layer: Any) -> Any:
    """Return the oracle of a pooling, over images or sequences."""

    def oracle(torch: Any, p: Any, X: Any) -> Any:
        f = getattr(torch.nn.functional, f"{name}{X.ndim - 2}d")
        windows, fill = layer.windows(X.ndim - 2), -torch.inf if name == "max_pool" else 0.0
        pads = [n for pair in reversed(windows.pads) for n in pair]
        padded = torch.nn.functional.pad(channels_first(X), pads, value=fill)
        return channels_last(f(padded, layer.kernel, layer.stride))

    return oracle


CONVOLUTIONS = [
    (cr.Conv2D(2, 3), (5, 4, 3)),
    (cr.Conv2D(3, 1), (3, 2, 2)),
    (cr.Conv2D(2, 2, stride=2), (5, 6, 2)),
    (cr.Conv2D(2, 3, stride=2, padding=1), (6, 5, 1)),
    (cr.Conv2D(2, (2, 3), stride=(1, 2), padding=(1, 0)), (4, 6, 2)),
    (cr.Conv2D(2, 3, padding="same"), (4, 3, 2)),
    (cr.Conv2D(1, (4, 2), padding="same"), (4, 3, 2)),
    (cr.Conv2D(1, 2, stride=3), (5, 5, 2)),
    (cr.Conv2D(2, 3, stride=2, padding=((0, 1), (0, 1))), (4, 6, 1)),
    (cr.Conv1D(3, 3), (6, 2)),
    (cr.Conv1D(2, 2, stride=2, padding=1), (5, 3)),
    (cr.Conv1D(2, 3, padding="same"), (4, 2)),
]
MAXIMA = [
    (cr.MaxPool(), (4, 6, 2)),
    (cr.MaxPool(2), (5, 5, 3)),
    (cr.MaxPool(3, 2), (7, 6, 2)),
    (cr.MaxPool(3, stride=1, padding=1), (4, 4, 1)),
    (cr.MaxPool((2, 3), (1, 3)), (4, 6, 2)),
    (cr.MaxPool(3, 2, padding=((0, 1), (2, 1))), (4, 4, 2)),
    (cr.MaxPool(2), (6, 3)),
]
MEANS = [
    (cr.AveragePool(), (4, 6, 2)),
    (cr.AveragePool(3, 2, padding=1), (5, 6, 2)),
    (cr.AveragePool((1, 2)), (3, 5, 2)),
    (cr.AveragePool(2, 1, padding=((0, 1), (1, 1))), (3, 4, 1)),
    (cr.AveragePool(3, 1), (6, 2)),
]
LAYERS = [
    *(Example(layer, shape, convolution(layer)) for layer, shape in CONVOLUTIONS),
    *(Example(layer, s, pooling("max_pool", layer), analytic=False) for layer, s in MAXIMA),
    *(Example(layer, shape, pooling("avg_pool", layer)) for layer, shape in MEANS),
    Example(cr.GlobalAveragePool(), (3, 4, 2), lambda torch, p, X: X.mean((1, 2))),
    Example(cr.GlobalAveragePool(), (5, 3), lambda torch, p, X: X.mean(1)),
    Example(cr.Slice(1, 3), (4,), lambda torch, p, X: X[:, 1:3]),
    Example(cr.Slice(1, 3), (3, 2, 4), lambda torch, p, X: X[..., 1:3]),
    Example(cr.Reshape((2, 3)), (6,), lambda torch, p, X: X.reshape(-1, 2, 3)),
    Example(cr.Reshape((3, -1, 1)), (2, 6), lambda torch, p, X: X.reshape(-1, 3, 4, 1)),
]
