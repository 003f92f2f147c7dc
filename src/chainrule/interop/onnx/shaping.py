"""Layers that only move entries about."""

from __future__ import annotations

from math import prod

import numpy as np

from chainrule.interop.onnx.place import Place, Tensor
from chainrule.interop.onnx.reading import Reading
from chainrule.interop.onnx.tables import reads, writes
from chainrule.layers import Flatten, Reshape, Slice


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


@reads("Flatten")
def read_flatten(at: Reading) -> None:
    """Take each sample as one row."""
    rank = len(at.track.sizes) + 1
    if at.attribute("axis", 1) not in (1, 1 - rank):
        raise at.refused(f"with axis={at.attribute('axis', 1)}: samples must stay rows (axis 1)")
    at.track.flatten(Flatten())


@reads("Reshape")
def read_reshape(at: Reading) -> None:
    """Take any shape in which the first axis still counts the samples."""
    target, sizes = [int(n) for n in at.constant(1).reshape(-1)], at.track.sizes
    entries = prod(sizes)
    if not target or (target[0] not in (0, -1) and target[0] != at.batch):
        raise at.refused(f"to {tuple(target)}: the first axis must count the samples")
    new = [sizes[i] if n == 0 and i < len(sizes) else n for i, n in enumerate(target[1:])]
    if new.count(-1) == 1:
        rest = prod(n for n in new if n != -1)
        new[new.index(-1)] = entries // rest if rest else 0
    if target[0] == -1 and prod(new) != entries:
        raise at.refused(f"to {tuple(target)}: the first axis must count the samples")
    at.require(prod(new) == entries and min(new, default=1) > 0, f"{sizes} to {tuple(target)}")
    at.track.reshape(tuple(new), Flatten())


@reads("Squeeze")
def read_squeeze(at: Reading) -> None:
    """Take axes of size 1 left out."""
    rank = len(at.track.sizes) + 1
    given = at.constant(1).tolist() if at.has(1) else at.attribute("axes", None)
    sizes = at.track.sizes
    axes = {i + 1 for i, n in enumerate(sizes) if n == 1} if given is None else set(given)
    axes = {a % rank for a in axes}
    if 0 in axes or any(sizes[a - 1] != 1 for a in axes):
        raise at.refused(f"of the axes {sorted(axes)} of samples {sizes}: sizes of 1 alone")
    at.track.reshape(tuple(n for i, n in enumerate(sizes) if i + 1 not in axes), Flatten())


@reads("Unsqueeze")
def read_unsqueeze(at: Reading) -> None:
    """Take axes of size 1 put in."""
    given = at.constant(1).tolist() if at.has(1) else at.attribute("axes", ())
    rank = len(at.track.sizes) + 1 + len(given)
    axes = {a % rank for a in given}
    if 0 in axes:
        raise at.refused("in front of the samples")
    rest = iter(at.track.sizes)
    new = tuple(1 if a in axes else next(rest) for a in range(1, rank))
    at.track.reshape(new, Flatten())


@reads("Transpose")
def read_transpose(at: Reading) -> None:
    """Take the axes of a sample in another order: noted, and done where a layer needs it."""
    rank = len(at.track.sizes) + 1
    perm = tuple(at.attribute("perm", tuple(reversed(range(rank)))))
    if perm[:1] != (0,):
        raise at.refused(f"with perm={perm}: the first axis must count the samples")
    at.track.transpose(perm)


@reads("Identity", "Cast")
def read_identity(at: Reading) -> None:
    """Take what passes through; numbers all have the working precision here."""
    users = [n for n in at.graph.nodes if at.node.outputs[0] in n.inputs]
    whole = all(n.op == "OneHotEncoder" for n in users)  # compares its numbers with whole ones
    kinds = (1, 10, 11, 16, 6, 7) if whole else (1, 10, 11, 16)
    if at.node.op == "Cast" and at.attribute("to", 1) not in kinds:
        raise at.refused("to numbers of few bits, whole numbers, flags or text")


@writes(Slice)
def write_slice(at: Place, x: Tensor) -> Tensor:
    """Cut the features, the last axis."""
    shape = at.layer.output_shape(x.shape)
    start = at.layer.start
    bounds = {"starts": [start], "ends": [start + shape[-1]], "axes": [len(x.shape)]}
    names = [at.constant(name, value, np.int64) for name, value in bounds.items()]
    return at.node("Slice", at.channels_last(x), *names, shape=shape)


@reads("Slice")
def read_slice(at: Reading) -> None:
    """Take a run of neighbours along one axis, which becomes the last one."""
    rank = len(at.track.sizes) + 1
    given = at.constant(3).tolist() if at.has(3) else list(range(at.constant(1).size))
    starts, ends = at.constant(1).tolist(), at.constant(2).tolist()
    steps = at.constant(4).tolist() if at.has(4) else [1] * len(starts)
    if len(starts) != 1 or steps != [1] or given[0] % rank == 0:
        raise at.refused("of the samples, of several axes or with gaps: a run of features alone")
    axis = given[0] % rank
    first, stop, _ = slice(starts[0], ends[0]).indices(at.track.sizes[axis - 1])
    at.require(first < stop, f"from {first} to {stop}: nothing is left")
    at.track.last(axis)
    at.add(Slice(first, stop))
