"""Layers made of layers: written by walking into them; read where branches meet."""

from __future__ import annotations

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.tables import writes
from chainrule.interop.onnx.writing import write
from chainrule.layers import Concatenate, Residual, Sequential, Shared, Sum


@writes(Sequential)
def write_sequential(at: Place, x: Tensor) -> Tensor:
    """One after the other."""
    for name, layer in at.layer.children:
        x = write(at.child(name, layer, at.arrays.get(name, {})), x)
    return x


@writes(Shared)
def write_shared(at: Place, x: Tensor) -> Tensor:
    """Write the same weights, under the shared name, at every place."""
    owner = at.layer.name if not at.layer.running(x.shape) else at.owner
    return write(Place(at.graph, at.path, at.layer.layer, at.arrays, owner), x)


@writes(Residual)
def write_residual(at: Place, x: Tensor) -> Tensor:
    """Write the input added to what the layers give."""
    x, y = _alike(at, [x, write_sequential(at, x)])
    return at.node("Add", x, y)


@writes(Sum)
def write_sum(at: Place, x: Tensor) -> Tensor:
    """Every branch gets the input; their outputs are added."""
    return at.node("Sum", *_outputs(at, x))


@writes(Concatenate)
def write_concatenate(at: Place, x: Tensor) -> Tensor:
    """Every branch gets the input; their outputs are joined along the features."""
    outputs = _outputs(at, x)
    shape = at.layer.output_shape(x.shape)
    axis = 1 if outputs[0].channels_first else len(shape)
    return at.node("Concat", *outputs, shape=shape, axis=axis)


def _outputs(at: Place, x: Tensor) -> list[Tensor]:
    children = at.layer.children
    outputs = [write(at.child(n, layer, at.arrays.get(n, {})), x) for n, layer in children]
    return _alike(at, outputs)


def _alike(at: Place, tensors: list[Tensor]) -> list[Tensor]:
    """Return the tensors in one layout: channels first where any has them so."""
    if any(x.channels_first for x in tensors):
        return [at.channels_first(x) for x in tensors]
    return tensors
