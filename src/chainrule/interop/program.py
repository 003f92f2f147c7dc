"""A network as a list: which layer takes which values and gives which, with the weights by name.

    X0 (784,) -> Dense(128) -> X1 (128,) -> ReLU() -> X2 (128,) -> …

Whatever is nested or shared in the tree of layers lies flat here, so that code can be written line
by line. What does nothing in inference, Dropout and Identity, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.bound import Bound
from chainrule.derivation import Formulas
from chainrule.initializers import Shape
from chainrule.layers.activations import Identity
from chainrule.layers.base import Context, Layer
from chainrule.layers.branches import Concatenate, Residual, Sum
from chainrule.layers.combinators import Sequential
from chainrule.layers.dropout import Dropout
from chainrule.layers.shared import Shared, Tied
from chainrule.namespace import Array
from chainrule.step import predicting
from chainrule.tree import Tree, flatten

NOTHING = (Identity, Dropout)  # in inference


@dataclass(frozen=True)
class Operation:
    """A layer at its place: the numbers of its input values and of its output, and their shapes.

    `arrays` says under which name in `Program.weights` each letter of the layer is kept: W is
    "2.W", a shared one "trunk.W", a running mean "running.1.mean". Residual, Sum and Concatenate
    stand here for the joining of branches alone.
    """

    layer: Layer
    path: str
    inputs: tuple[int, ...]
    output: int
    shapes: tuple[Shape, ...]
    shape: Shape
    arrays: Mapping[str, str]
    formulas: Formulas

    @property
    def place(self) -> str:
        """The layer and where it stands, for a comment or a message."""
        return f"{self.path}: {self.layer!r}" if self.path else repr(self.layer)


@dataclass
class Program:
    """The operations in order; value 0 is the input, `output` the number of the last one."""

    weights: dict[str, Array]
    shapes: list[Shape]
    dtype: str
    operations: list[Operation] = field(default_factory=list)
    output: int = 0

    @property
    def last_uses(self) -> dict[int, int]:
        """The position of the operation that needs a value last; the output is always needed."""
        uses = {v: i for i, op in enumerate(self.operations) for v in op.inputs}
        return uses | {self.output: len(self.operations)}


def program_of(model: Bound, training: bool = False) -> Program:
    """Return the model's network as a list; its output are the raw outputs Z.

    With `training`, Dropout is in it as well.

    >>> import chainrule as cr
    >>> network = cr.Sequential(cr.Dense(3), cr.Residual(cr.Dense(3), cr.Dropout()))
    >>> model = cr.Model(network, cr.SquaredError(), input_shape=(2,))
    >>> for op in program_of(model).operations:
    ...     print(op.inputs, type(op.layer).__name__, op.output, sorted(op.arrays.values()))
    (0,) Dense 1 ['0.W', '0.b']
    (1,) Dense 2 ['1.0.W', '1.0.b']
    (1, 2) Residual 3 []
    """
    state = predicting(model.optimizer, model.state)
    assert model.built is not None
    weights = flatten(state.params) | flatten({"running": dict(state.running)})
    layer, params = model.trained_layer, state.params
    if isinstance(layer, Tied):
        params, layer = layer.spread(params), layer.network
    shape = model.built.input_shape
    program = Program(weights, [shape], model.dtype)
    names = {id(array): name for name, array in weights.items()}
    walk = _Walk(program, names, (Identity,) if training else NOTHING)
    program.output = walk.layer(layer, "", params, state.running, 0)
    return program


@dataclass
class _Walk:
    program: Program
    names: Mapping[int, str]
    left_out: tuple[type[Layer], ...]

    def layer(self, layer: Layer, path: str, params: Tree, state: Any, value: int) -> int:
        """Add what a layer does to a value; return the number of what it gives."""
        if isinstance(layer, Shared):
            return self.layer(layer.layer, path, params, state, value)
        if isinstance(layer, self.left_out):
            return value
        if isinstance(layer, Sequential | Residual):
            after = value
            for name, child in layer.children:
                after = self.layer(
                    child, _below(path, name), params[name], state.get(name, {}), after
                )
            return (
                self.operation(layer, path, (value, after))
                if isinstance(layer, Residual)
                else after
            )
        if isinstance(layer, Sum | Concatenate):
            branches = tuple(
                self.layer(child, _below(path, name), params[name], state.get(name, {}), value)
                for name, child in layer.children
            )
            return self.operation(layer, path, branches)
        own = {**flatten(params), **state}
        return self.operation(layer, path, (value,), own, Context(state=state), params)

    def operation(
        self,
        layer: Layer,
        path: str,
        inputs: tuple[int, ...],
        own: Mapping[str, Array] | None = None,
        ctx: Context | None = None,
        params: Tree | None = None,
    ) -> int:
        shapes = tuple(self.program.shapes[v] for v in inputs)
        arrays = {letter: self.names[id(array)] for letter, array in (own or {}).items()}
        formulas = layer.formulas
        if ctx is None:  # branches meet
            shape = shapes[0]
            if isinstance(layer, Concatenate):
                shape = (*shape[:-1], sum(s[-1] for s in shapes))
        else:
            shape = layer.output_shape(shapes[0])
            # A pass says what the formulas call its arrays: BatchNorm's running mean is μ there.
            zeros = np.zeros((1, *shapes[0]), self.program.dtype)
            _, cache = layer.forward(params or {}, zeros, ctx)
            formulas = layer.formulas_of(cache)
            if isinstance(cache, dict):
                found = {n: self.names.get(id(a)) for n, a in cache.items()}
                arrays |= {n: name for n, name in found.items() if name is not None}
        self.program.shapes.append(shape)
        output = len(self.program.shapes) - 1
        self.program.operations.append(
            Operation(layer, path, inputs, output, shapes, shape, arrays, formulas)
        )
        return output


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
