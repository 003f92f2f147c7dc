"""How weights lie in memory while XLA trains on a CPU: one unit after another, not input by input.

Turned are matrices that lead from a layer's inputs to its outputs, as those of dense layers do,
where the inputs are as many as the outputs or more.

dW = Xᵀ dY then has many rows and few columns. XLA's kernel for the CPU is slow at that shape and
fast at the other one, dWᵀ = dYᵀ X (docs/speed.md has the measurements). So the state of a run holds
Wᵀ, with Wᵀ's averages; the step turns it back, reads W as the formulas have it, and turns the
gradient. XLA makes no copy for that: it takes the product's factors in the other order. Only rules
that treat every entry alike may update a turned matrix.

The kernel rearranges a product's second factor before it multiplies. Of few samples and a large
matrix the samples are the smaller part, so X W is then computed as (Wᵀ Xᵀ)ᵀ (`Turned`).
"""

from __future__ import annotations

from typing import Any

from chainrule.initializers import Shape
from chainrule.namespace import Array, whole
from chainrule.optimizers.base import is_entrywise
from chainrule.step import PLAIN, Arrangement, State, Task
from chainrule.tree import Tree, flatten, replace

LARGE, LARGER = 40_000, 150_000  # weights of a matrix worth it; of one that threads share
FEW, FEWER = 32, 8  # samples that may go second; with a matrix that threads share


class Turned:
    """A matrix W of which Wᵀ is held. It gives X W and Wᵀ, for `Layer.factors`."""

    def __init__(self, transposed: Array, one_thread: bool = False) -> None:
        self.T, self.one_thread = transposed, one_thread

    def __rmatmul__(self, X: Array) -> Array:
        if not goes_second(X.shape[0], *self.T.shape, one_thread=self.one_thread):
            return X @ self.T.T
        return whole(self.T @ X.T).T  # as a whole, since XLA would turn the product back


def goes_second(samples: int, units: int, inputs: int, *, one_thread: bool = False) -> bool:
    """Say whether the samples are the smaller factor by so much that they are rearranged faster.

    >>> goes_second(32, 128, 784), goes_second(128, 128, 784), goes_second(8, 64, 20)
    (True, False, False)
    >>> goes_second(32, 1000, 784), goes_second(32, 1000, 784, one_thread=True)
    (False, True)
    """
    few = FEW if one_thread or inputs * units <= LARGER else FEWER
    return samples <= few and 4 * samples <= units and inputs * units >= LARGE


class Layout:
    """Which weights of a task are turned, none without a shape; `turn` is its own inverse.

    `one_thread` says that a step never has more, whatever its size.

    >>> import chainrule as cr
    >>> from chainrule.step import Task
    >>> layout = Layout(Task(cr.Dense(2), cr.SquaredError(), cr.SGD(0.1)), (3,))
    >>> layout.turn({"W": cr.Dense(2).init((3,))["W"]})["W"].shape
    (2, 3)
    """

    def __init__(self, task: Task, shape: Shape | None, one_thread: bool = False) -> None:
        self.one_thread = one_thread
        entrywise = is_entrywise(task.optimizer)
        places = task.network.walk(shape) if entrywise and shape is not None else ()
        turned = {
            f"{place.path}.{name}".removeprefix("."): name
            in vars(type(place.layer)).get("factors", ())
            for place in places
            for name, spec in flatten(place.layer.parameters(place.input_shape)).items()
            if len(spec.shape) == 2
            and spec.shape == (*place.input_shape, *place.output_shape)
            and spec.shape[0] >= spec.shape[1]
        }
        self.names = frozenset(turned)
        self.factors = frozenset(name for name, factor in turned.items() if factor)

    @property
    def arrangement(self) -> Arrangement:
        """Return how a step reads and writes the state."""
        return Arrangement(self.read, self.turn) if self.names else PLAIN

    def read(self, params: Tree) -> Tree:
        """Return parameters as the layers have them, `Turned` where they are factors alone."""
        held = {name: p for name, p in flatten(params).items() if name in self.factors}
        factors = {name: Turned(p, self.one_thread) for name, p in held.items()}
        return replace(self.turn(params), factors)

    def turn(self, tree: Tree) -> Tree:
        """Return parameters, gradients or an optimizer's averages with these weights turned."""
        return self._turned(tree, "") if self.names else tree

    def turned(self, state: State) -> State:
        """Return a state with the weights and their averages turned."""
        return state._replace(params=self.turn(state.params), optimizer=self.turn(state.optimizer))

    def _turned(self, tree: Any, path: str) -> Any:
        return {
            name: self._turned(node, f"{path}{name}.") if isinstance(node, dict)
            else node.T if f"{path}{name}" in self.names or path[:-1] in self.names
            else node
            for name, node in tree.items()
        }  # fmt: skip
