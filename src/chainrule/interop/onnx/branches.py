"""Layers made of layers: written by walking into them; read where branches meet."""

from __future__ import annotations

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Meeting, Reading
from chainrule.interop.onnx.tables import joins, reads, writes
from chainrule.interop.onnx.track import Step
from chainrule.interop.onnx.writing import write
from chainrule.layers import Concatenate, Residual, Scale, Sequential, Shared, Sum


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


@reads("Sum", "Concat")
def read_alone(at: Reading) -> None:
    """Take it of one input, which passes through."""
    if len(at.node.inputs) > 1:
        raise at.refused("with a constant: what is added or joined must come from the samples")


@joins("Add", "Sum")
def join_sum(at: Meeting) -> None:
    """Take x + F(x) is a Residual, anything else a Sum."""
    if not any(branch.steps for branch in at.branches):
        at.add(Scale(float(len(at.branches))))
        return
    if len({branch.shape for branch in at.branches}) > 1:
        raise at.refused(f"of {[b.shape for b in at.branches]}: branches of one shape")
    empty = [branch for branch in at.branches if not branch.steps]
    if len(at.branches) == 2 and len(empty) == 1:
        body = next(branch for branch in at.branches if branch.steps)
        at.combine(Residual(*(step.layer for step in body.steps)), body)
        return
    at.combine(Sum(*(branch.layer for branch in at.branches)))


@joins("Sub")
def join_difference(at: Meeting) -> None:
    """Take a − b as a + (−1) b."""
    at.require(len(at.branches) == 2, f"{len(at.branches)} branches")
    second = at.branches[1]
    second.push(Step(Scale(-1.0), {}, {}), second.axes, second.sizes)
    join_sum(at)


@joins("Concat")
def join_concat(at: Meeting) -> None:
    """Take it along the features, or the channels."""
    axis = at.attribute("axis", 1) % (len(at.branches[0].sizes) + 1)
    if axis == 0:
        raise at.refused("along the samples (axis 0)")
    for branch in at.branches:
        branch.last(axis)
    sizes = list(at.branches[0].sizes)
    sizes[axis - 1] = sum(branch.sizes[axis - 1] for branch in at.branches)
    at.combine(Concatenate(*(branch.layer for branch in at.branches)), sizes=tuple(sizes))
