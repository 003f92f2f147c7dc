"""The layers read so far on one way through a graph, and how their output lies.

ONNX has channels first and chainrule last, so a tensor here has a note instead of a layer:
`axes[i]` is the ONNX axis of chainrule's axis i, and ONNX axes that are not named have size 1.
A Transpose changes the note alone; a layer that needs an order asks for it with `arrange`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, prod
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.initializers import Shape
from chainrule.layers import Dropout, Identity, PReLU, Reshape, Scale, Sequential
from chainrule.layers.base import Layer
from chainrule.namespace import Array
from chainrule.tree import Tree, has_leaves

FURTHEST = 1e30  # less than -this is -inf to a maximum


@dataclass
class Step:
    """A layer with its arrays; `open` says that a bias, or a spread, may still be joined to it."""

    layer: Layer
    params: Tree
    state: Tree
    open: bool = False


@dataclass
class Track:
    """`sizes` are those of a sample in ONNX, `shape` in chainrule.

    `order` is there after a Flatten of turned axes: feature i here is feature order[i] in ONNX.
    While `free`, nothing depends on the order of the input's axes, so it can be chosen; `origin`
    says which of the file's axes each of the input's is.
    """

    sizes: Shape
    shape: Shape
    axes: tuple[int, ...]
    steps: list[Step] = field(default_factory=list)
    order: Array | None = None
    free: bool = False
    origin: tuple[int, ...] = ()
    input_shape: Shape = ()
    trained: bool = False  # whether a layer with parameters comes before
    pads: dict[int, tuple[int, int]] = field(default_factory=dict)  # by axis, of a Pad before
    around: float = 0.0  # what they are filled with

    @classmethod
    def start(cls, sizes: Shape) -> Track:
        """Return the track of a graph's input."""
        axes = tuple(range(1, len(sizes) + 1))
        return cls(sizes, sizes, axes, free=True, origin=axes, input_shape=sizes)

    def fork(self) -> Track:
        """Return a track without layers that begins where this one stands."""
        return Track(self.sizes, self.shape, self.axes, order=self.order, trained=self.trained)

    def push(
        self, step: Step, axes: Sequence[int] | None = None, sizes: Shape | None = None
    ) -> None:
        """Add a layer; its output has these axes, and these sizes in ONNX."""
        layer, self.axes = step.layer, self.axes if axes is None else tuple(axes)
        elementwise = isinstance(layer, Scale | Dropout) or (
            not layer.parameters(self.shape)
            and not layer.running(self.shape)
            and type(layer).__module__.endswith("activations")
            and type(layer).__name__ not in ("Softmax", "LogSoftmax")
        )
        if isinstance(layer, PReLU) and layer.shared:
            elementwise = True
        if not elementwise:
            self.settle()
            self.free = False
        self.trained = self.trained or has_leaves(layer.parameters(self.shape))
        self.shape = layer.output_shape(self.shape)
        if sizes is None:
            found = [1] * len(self.sizes)
            for size, axis in zip(self.shape, self.axes, strict=True):
                found[axis - 1] = size
            sizes = tuple(found)
        self.sizes = sizes
        self.steps.append(step)

    def replace_last(self, layer: Layer, params: Tree, shape: Shape) -> None:
        """Put another layer in the place of the last one, which gives rows of this shape."""
        self.steps[-1] = Step(layer, params, {})
        self.shape = self.sizes = shape

    def settle(self) -> None:
        """Raise ModelFileError where the entries of rows still lie in another order."""
        if self.order is not None:
            raise ModelFileError("turned images were flattened, and no Dense layer follows at once")

    def arrange(self, axes: Sequence[int]) -> None:
        """Bring the tensor into this order of ONNX axes; raise where no layer does that."""
        self.settle()
        wanted = tuple(axes)
        if self.axes == wanted:
            return
        if self.free and sorted(wanted) == sorted(self.axes):
            places = [self.axes.index(a) for a in wanted]
            self.origin = tuple(self.origin[i] for i in places)
            self.shape, self.axes = tuple(self.shape[i] for i in places), wanted
            self.input_shape = self.shape
            return
        if self._long(self.axes) != self._long(wanted):
            raise ModelFileError(
                f"needs the axes {self.axes} turned to {wanted}: no layer does that"
            )
        shape = tuple(self.sizes[a - 1] for a in wanted)
        self.free = False
        self.axes = wanted
        if shape != self.shape:
            self.steps.append(Step(Reshape(shape), {}, {}))
            self.shape = shape

    def _long(self, axes: Sequence[int]) -> list[int]:
        return [a for a in axes if self.sizes[a - 1] > 1]

    def take_pads(self, around: float) -> dict[int, tuple[int, int]]:
        """Return the pads of a Pad before, which a window that sees `around` takes over."""
        pads, self.pads = self.pads, {}
        far = -FURTHEST if around == -inf else around
        if pads and (self.around > far if around else self.around):
            raise ModelFileError(
                f"pads with {self.around:g}: here {around:g} lies around the image"
            )
        if 1 in pads:
            raise ModelFileError("pads the channels: no layer does that")
        return pads

    def rows(self) -> None:
        """Bring the tensor into ONNX's own order."""
        self.arrange(range(1, len(self.sizes) + 1))

    def channels_last(self) -> None:
        """Bring the channels, ONNX's first axis, to the end."""
        self.arrange((*range(2, len(self.sizes) + 1), 1))

    def last(self, axis: int) -> None:
        """Bring this ONNX axis to the end."""
        self.settle()
        if self.axes[-1:] != (axis,):
            self.arrange((*(a for a in range(1, len(self.sizes) + 1) if a != axis), axis))
        elif self.free:
            self.arrange(self.axes)

    def transpose(self, perm: Sequence[int]) -> None:
        """Note that ONNX's axes have a new order."""
        self.settle()
        self.pads = {list(perm).index(a): pair for a, pair in self.pads.items()}
        self.axes = tuple(list(perm).index(a) for a in self.axes)
        self.sizes = tuple(self.sizes[p - 1] for p in perm[1:])

    def flatten(self, layer: Layer) -> None:
        """Make rows of the samples; turned axes leave their order behind for the next Dense."""
        whole = prod(self.sizes)
        if len(self.shape) > 1:
            kept = sorted(self.axes)
            places = np.arange(whole).reshape([self.sizes[a - 1] for a in kept])
            order = places.transpose([kept.index(a) for a in self.axes]).ravel()
            self.push(Step(layer, {}, {}), (1,), (whole,))
            self.order = None if (order == np.arange(whole)).all() else order
        self.axes, self.sizes = (1,), (whole,)

    def reshape(self, sizes: Shape, flat: Layer) -> None:
        """Give the samples other sizes in ONNX: rows, axes of 1 more or less, or a new image."""
        if sizes == self.sizes:
            return
        old = [i + 1 for i, n in enumerate(self.sizes) if n > 1]
        new = [i + 1 for i, n in enumerate(sizes) if n > 1]
        if len(sizes) == 1:
            self.flatten(flat)
        elif old and [self.sizes[a - 1] for a in old] == [sizes[a - 1] for a in new]:
            self.settle()
            moved = dict(zip(old, new, strict=True))
            long = self._long(self.axes)
            if len(self.shape) != len(long):
                short = Reshape(tuple(self.sizes[a - 1] for a in long))
                self.push(Step(short, {}, {}), long, self.sizes)
            self.axes, self.sizes, self.free = tuple(moved[a] for a in self.axes), sizes, False
        else:
            self.rows()
            self.push(Step(Reshape(sizes), {}, {}), range(1, len(sizes) + 1), sizes)

    @property
    def layer(self) -> Layer:
        """All steps as one layer."""
        if not self.steps:
            return Identity()
        return self.steps[0].layer if len(self.steps) == 1 else self.sequence

    @property
    def sequence(self) -> Sequential:
        """All steps in a row."""
        return Sequential(*(step.layer for step in self.steps))

    def arrays(self, kind: str, alone: bool = True) -> Any:
        """Return the `params` or `state` of all steps, as `layer` (or `sequence`) has them."""
        found = [getattr(step, kind) for step in self.steps]
        if alone and len(found) < 2:
            return found[0] if found else {}
        return {str(i): tree for i, tree in enumerate(found) if tree or kind == "params"}
