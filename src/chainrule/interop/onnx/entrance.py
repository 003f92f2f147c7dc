"""Layers at the door: rescaling, and tokens or category numbers."""

from __future__ import annotations

import numpy as np

from chainrule.interop.onnx.estimators import select
from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading, plain
from chainrule.interop.onnx.tables import reads, writes
from chainrule.interop.onnx.track import Step
from chainrule.layers import (
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    Normalize,
    OneHot,
    Scale,
    Standardize,
)
from chainrule.namespace import Array

INT64, FLOAT = 7, 1


@writes(Scale)
def write_scale(at: Place, x: Tensor) -> Tensor:
    """1/n is written as a division, so that n stays what it is."""
    factor = at.layer.factor
    whole = round(1 / factor)
    if whole and 1 / whole == factor and abs(whole) > 1:
        return at.node("Div", x, at.constant("divisor", whole))
    return at.node("Mul", x, at.constant("factor", factor))


@writes(Standardize, Normalize)
def write_rescaling(at: Place, x: Tensor) -> Tensor:
    """(X − shift) / spread, as learnt."""
    x = at.channels_last(x)
    return at.node("Div", at.node("Sub", x, at.weight("shift")), at.weight("spread"))


@writes(Embedding)
def write_embedding(at: Place, x: Tensor) -> Tensor:
    """Tokens come as numbers and are rounded, as in the layer."""
    x = at.channels_last(x)
    tokens = at.node("Cast", at.node("Round", x), to=INT64)
    shape = (*x.shape, at.layer.units)
    return at.node("Gather", at.weight("W"), tokens, shape=shape, channels_first=False, axis=0)


@writes(OneHot)
def write_one_hot(at: Place, x: Tensor) -> Tensor:
    """Each value compared with those that were seen; NaN, equal to nothing, fills the rest."""
    values = np.asarray(at.arrays["values"], np.float32)
    places, known = np.arange(at.layer.categories), np.asarray(at.arrays["known"])
    seen = np.where(places < known[:, None], values, np.nan)
    axis = at.constant("axis", [2], np.int64)
    apart = at.node("Unsqueeze", x, axis) if at.opset >= 13 else at.node("Unsqueeze", x, axes=[2])
    hit = at.node("Cast", at.node("Equal", apart, at.constant("values", seen)), to=FLOAT)
    return at.node("Flatten", hit, shape=at.layer.output_shape(x.shape), axis=1)


@reads("OneHotValues")
def read_one_hot(at: Reading) -> None:
    """Take the spelling that is written above."""
    values = at.constant(1)
    at.require(values.ndim == 2 and at.track.sizes == values.shape[:1], f"values {values.shape}")
    known = np.isfinite(values).sum(axis=1).astype(np.float32)
    state = {"values": np.nan_to_num(values), "known": known, "samples": np.ones(1, np.float32)}
    at.track.rows()
    at.add(OneHot(values.shape[1]), state=state, axes=(1,), sizes=(values.size,))


@reads("Gather")
def read_gather(at: Reading) -> None:
    """Take rows of a constant table, looked up by tokens; or some entries of each sample."""
    if at.data_input == 0:
        axis, indices = at.attribute("axis", 0) % (len(at.track.sizes) + 1), at.constant(1)
        if axis == 0:
            raise at.refused("of the samples (axis 0)")
        sizes = at.track.sizes
        select(at, indices, axis)
        at.track.reshape((*sizes[: axis - 1], *indices.shape, *sizes[axis:]), Flatten())
        return
    W = at.constant(0)
    if W.ndim != 2 or at.attribute("axis", 0) not in (0, -2):
        raise at.refused("of something else than the rows of a constant table")
    at.track.rows()
    axes = (*at.track.axes, len(at.track.sizes) + 1)
    at.add(Embedding(*W.shape), {"W": W}, axes, sizes=(*at.track.sizes, W.shape[1]))


@reads("Sub", "Add", "Mul", "Div")
def read_affine(at: Reading) -> None:
    """Take it with a constant: a bias, a Scale, or a Standardize whose numbers it gives."""
    op, first = at.node.op, at.data_input == 0
    c = at.constant(1 if first else 0).astype(np.float64)
    if op == "Div" and not first:
        raise at.refused("of a constant by the samples")
    if op in ("Mul", "Div") and c.size == 1:
        value = plain(c.item())
        at.require(np.isfinite(value) and value != 0, f"factor {value}")
        if value != 1:
            at.add(Scale(value if op == "Mul" else 1 / value))
        return
    if op in ("Mul", "Div") and not c.all():
        raise at.refused("by 0")
    if c.size > 1:
        at.track.last(at.varying_axis(c))
    elif not at.track.steps:
        at.track.settle()
    width = at.track.shape[-1] if at.track.shape else 0
    at.require(width > 0, "samples without features")
    c = np.broadcast_to(c.reshape(-1), (width,))
    if op in ("Add", "Sub") and (first or op == "Add") and not c.any():
        return
    if (first or op in ("Add", "Mul")) and _joined(at, op, c):
        return
    one, zero = np.ones(width), np.zeros(width)
    shift, spread = {
        "Add": (-c, one),
        "Sub": (c, one) if first else (c, -one),
        "Mul": (zero, 1 / (c if op == "Mul" else one)),
        "Div": (zero, c),
    }[op]
    last = at.track.steps[-1] if at.track.steps else None
    if op in ("Add", "Sub") and first and last is not None and _only_scales(last):
        last.state["shift"] = (shift * last.state["spread"]).astype(np.float32)
        return
    if at.track.trained and len(at.track.sizes) <= 3:  # what learns from the data comes first
        diagonal = {"W": np.diag(1 / spread), "b": -shift / spread}
        kinds = (Dense(width), Conv1D(width, 1), Conv2D(width, 1))
        at.track.last(at.track.axes[-1])
        at.add(kinds[len(at.track.shape) - 1], diagonal)
        return
    if op in ("Mul", "Div") and last is not None and last.open and type(last.layer) is Standardize:
        last.state["spread"] = spread.astype(np.float32)
        last.open = False
        return
    numbers = {"shift": shift, "spread": spread, "samples": np.ones(1)}
    state = {name: n.astype(np.float32) for name, n in numbers.items()}
    at.add(Standardize(), state=state, open_to_bias=op in ("Sub", "Add"))


def _only_scales(step: Step) -> bool:
    """Say whether this is a Standardize that shifts nothing yet."""
    return type(step.layer) is Standardize and not step.open and not step.state["shift"].any()


def _joined(at: Reading, op: str, c: Array) -> bool:
    """Put numbers for each feature into the weights and the bias of a linear layer before."""
    last = at.track.steps[-1] if at.track.steps else None
    if last is None or not isinstance(last.layer, Dense | Conv1D | Conv2D):
        return False
    W, b = (last.params[n].astype(np.float64) for n in ("W", "b"))
    W, b = {
        "Add": (W, b + c),
        "Sub": (W, b - c),
        "Mul": (W * c, b * c),
        "Div": (W / (c if op == "Div" else 1), b / (c if op == "Div" else 1)),
    }[op]
    last.params.update({"W": W.astype(np.float32), "b": b.astype(np.float32)})
    return True
