"""Layers in PyTorch: one table, and how values lie there, channels first where windows slide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import NamedTuple

import numpy as np

from chainrule.initializers import Shape
from chainrule.interop.frameworks.translation import (
    Rearrange,
    as_it_is,
)
from chainrule.interop.program import Operation
from chainrule.layers import (
    ELU,
    GELU,
    SELU,
    AveragePool,
    BatchNorm,
    Clip,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    Layer,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    MaxPool,
    Mish,
    Normalize,
    OneHot,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Standardize,
    Tanh,
)
from chainrule.layers.windows import Pads
from chainrule.namespace import Array


class Lay(NamedTuple):
    """How a value lies there: channels `first`; or a row, flattened from channels first."""

    first: bool = False
    flattened: Shape | None = None  # our shape (h, w, c) before it

    def features(self, a: Array) -> Array:
        """Return an array whose first axis are our features in their order."""
        if self.flattened is None:
            return a
        order = np.moveaxis(np.arange(prod(self.flattened)).reshape(self.flattened), -1, 0)
        return a[order.ravel()]


class Module(NamedTuple):
    """A layer there: what builds it (nothing for a function), the call, and its weights.

    `weights` says for each of our letters the name there and how it is rearranged. `needs` is how
    the input must lie ("first", "last", or "" for either), `gives` how the output does.
    """

    call: str
    build: str = ""
    weights: Mapping[str, tuple[str, Rearrange]] = {}
    buffers: tuple[str, ...] = ()
    needs: str = ""
    gives: Lay | None = None


Maker = Callable[[Operation, Lay], Module]


def _function(call: Callable[[Layer], str]) -> Maker:
    return lambda op, lay: Module(call(op.layer))


def _dense(op: Operation, lay: Lay) -> Module:
    (n,), (units,) = op.shapes[0], op.shape
    weights = {"W": ("weight", lambda W: lay.features(W).T), "b": ("bias", as_it_is)}
    return Module("{self}({x})", f"nn.Linear({n}, {units})", weights, gives=Lay())


def _convolution(op: Operation, lay: Lay) -> Module:
    layer = op.layer
    assert isinstance(layer, Conv1D | Conv2D)
    kernel, stride, pads = layer.windows
    c, axes = op.shapes[0][-1], len(kernel)
    even = all(before == after for before, after in pads)
    padding = tuple(before for before, _ in pads) if even else 0
    call = "{self}({x})" if even else f"{{self}}(F.pad({{x}}, ({_around(pads)})))"

    def give(W: Array) -> Array:
        return np.moveaxis(W.reshape(*kernel, c, layer.filters), (-1, -2), (0, 1))

    build = f"nn.Conv{axes}d({c}, {layer.filters}, {kernel}, stride={stride}, padding={padding})"
    weights = {"W": ("weight", give), "b": ("bias", as_it_is)}
    return Module(call, build, weights, needs="first")


def _around(pads: Pads) -> str:
    """Return the numbers of F.pad: the last axis comes first."""
    return ", ".join(str(n) for pair in reversed(pads) for n in pair)


def _pooling(name: str) -> Maker:
    def module(op: Operation, lay: Lay) -> Module:
        assert isinstance(op.layer, MaxPool | AveragePool)
        kernel, stride, pads = op.layer.windows(len(op.shape) - 1)
        before, x = tuple(p for p, _ in pads), "{x}"
        # PyTorch pads both sides alike, and by half the kernel at most.
        if any(p != q or 2 * p > k for (p, q), k in zip(pads, kernel, strict=True)):
            fill = "" if name == "avg_pool" else ', value=float("-inf")'
            before, x = (0,) * len(kernel), f"F.pad({{x}}, ({_around(pads)}){fill})"
        return Module(f"F.{name}{len(kernel)}d({x}, {kernel}, {stride}, {before})", needs="first")

    return module


def _global(op: Operation, lay: Lay) -> Module:
    call = f"{{x}}.mean({tuple(range(2, len(op.shapes[0]) + 1))})"
    return Module(call, needs="first", gives=Lay())


def _flatten(op: Operation, lay: Lay) -> Module:
    if len(op.shapes[0]) == 1:
        return Module("{x}", gives=lay)
    return Module("{x}.flatten(1)", gives=Lay(flattened=op.shapes[0] if lay.first else None))


def _reshape(op: Operation, lay: Lay) -> Module:
    if len(op.shape) > 1 and op.shape[-1] == 1:  # one channel: first or last is the same
        sizes = ", ".join(map(str, (1, *op.shape[:-1])))
        return Module(f"{{x}}.reshape(-1, {sizes})", needs="last", gives=Lay(first=True))
    return Module(f"{{x}}.reshape(-1, {', '.join(map(str, op.shape))})", needs="last", gives=Lay())


def _slice(op: Operation, lay: Lay) -> Module:
    assert isinstance(op.layer, Slice)
    call = f"{{x}}[..., {op.layer.start}:{op.layer.stop}]"
    return Module(call, needs="last", gives=Lay())


def _batch_norm(op: Operation, lay: Lay) -> Module:
    layer = op.layer
    assert isinstance(layer, BatchNorm)
    axes = max(len(op.shape) - 1, 1)
    weights = {
        "gamma": ("weight", lay.features),
        "beta": ("bias", lay.features),
        "mean": ("running_mean", lay.features),
        "variance": ("running_var", lay.features),
    }
    options = f"eps={layer.eps!r}, momentum={layer.momentum!r}"
    build = f"nn.BatchNorm{axes}d({op.shape[-1]}, {options})"
    return Module("{self}({x})", build, weights, needs="first" if len(op.shape) > 1 else "")


def _layer_norm(op: Operation, lay: Lay) -> Module:
    assert isinstance(op.layer, LayerNorm)
    weights = {"gamma": ("weight", lay.features), "beta": ("bias", lay.features)}
    build = f"nn.LayerNorm({op.shape[-1]}, eps={op.layer.eps!r})"
    return Module("{self}({x})", build, weights, needs="last" if len(op.shape) > 1 else "")


def _prelu(op: Operation, lay: Lay) -> Module:
    assert isinstance(op.layer, PReLU)
    n = 1 if op.layer.shared else op.shape[-1]
    weights = {"a": ("weight", as_it_is if op.layer.shared else lay.features)}
    needs = "first" if len(op.shape) > 1 else ""
    return Module("{self}({x})", f"nn.PReLU({n})", weights, needs=needs)


def _embedding(op: Operation, lay: Lay) -> Module:
    assert isinstance(op.layer, Embedding)
    build = f"nn.Embedding({op.layer.tokens}, {op.layer.units})"
    return Module(
        "{self}({x}.round().long())", build, {"W": ("weight", as_it_is)}, needs="last", gives=Lay()
    )


def _rescaling(op: Operation, lay: Lay) -> Module:
    weights = {n: (n, lay.features) for n in ("shift", "spread")}
    needs = "last" if len(op.shape) > 1 else ""
    call = "({x} - {self}_shift) / {self}_spread"
    return Module(call, weights=weights, buffers=("shift", "spread"), needs=needs)


def _one_hot(op: Operation, lay: Lay) -> Module:
    assert isinstance(op.layer, OneHot)
    n = op.layer.categories
    weights = {"values": ("values", as_it_is), "known": ("known", as_it_is)}
    known = f"(torch.arange({n}) < {{self}}_known[:, None])"
    call = f"((({{x}}[:, :, None] == {{self}}_values) & {known}).to({{x}}.dtype)).flatten(1)"
    return Module(call, weights=weights, buffers=("values", "known"), needs="last", gives=Lay())


def _along(name: str) -> Maker:
    return lambda op, lay: Module(f"F.{name}({{x}}, dim={1 if lay.first else -1})")


TORCH: dict[type[Layer], Maker] = {
    Dense: _dense,
    Conv1D: _convolution,
    Conv2D: _convolution,
    MaxPool: _pooling("max_pool"),
    AveragePool: _pooling("avg_pool"),
    GlobalAveragePool: _global,
    Flatten: _flatten,
    Reshape: _reshape,
    Slice: _slice,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    PReLU: _prelu,
    Embedding: _embedding,
    Standardize: _rescaling,
    Normalize: _rescaling,
    OneHot: _one_hot,
    Softmax: _along("softmax"),
    LogSoftmax: _along("log_softmax"),
    Dropout: _function(lambda f: f"F.dropout({{x}}, {f.rate!r}, self.training)"),  # type: ignore[attr-defined]
    Scale: _function(lambda f: f"{f.factor!r} * {{x}}"),  # type: ignore[attr-defined]
    Sigmoid: _function(lambda f: "torch.sigmoid({x})"),
    Tanh: _function(lambda f: "torch.tanh({x})"),
    ReLU: _function(lambda f: "F.relu({x})"),
    LeakyReLU: _function(lambda f: f"F.leaky_relu({{x}}, {f.slope!r})"),  # type: ignore[attr-defined]
    ELU: _function(lambda f: f"F.elu({{x}}, {f.alpha!r})"),  # type: ignore[attr-defined]
    SELU: _function(lambda f: "F.selu({x})"),
    Clip: _function(lambda f: f"F.hardtanh({{x}}, {f.low!r}, {f.high!r})"),  # type: ignore[attr-defined]
    SiLU: _function(lambda f: "F.silu({x})"),
    Mish: _function(lambda f: "F.mish({x})"),
    GELU: _function(
        lambda f: "F.gelu({x}" + (', approximate="tanh")' if f.approximate else ")")  # type: ignore[attr-defined]
    ),
    Softplus: _function(lambda f: "F.softplus({x})"),
    Softsign: _function(lambda f: "F.softsign({x})"),
}
