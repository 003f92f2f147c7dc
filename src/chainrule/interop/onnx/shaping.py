"""Layers that only move entries about."""

from __future__ import annotations

from math import prod

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.layers import Flatten, Reshape


@writes(Flatten)
def write_flatten(at: Place, x: Tensor) -> Tensor:
    """Channels last, as the weights behind it expect."""
    return at.node("Flatten", at.channels_last(x), shape=(prod(x.shape),), axis=1)


@writes(Reshape)
def write_reshape(at: Place, x: Tensor) -> Tensor:
    """Give the sizes; a 0 keeps the number of samples."""
    shape = at.layer.output_shape(x.shape)
    sizes = at.constant("sizes", [0, *shape], np.int64)
    return at.node("Reshape", at.channels_last(x), sizes, shape=shape)
