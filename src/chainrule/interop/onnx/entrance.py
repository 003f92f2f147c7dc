"""Layers at the door: rescaling, and tokens or category numbers."""

from __future__ import annotations

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import (
    Embedding,
    Normalize,
    OneHot,
    Scale,
    Standardize,
)

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
