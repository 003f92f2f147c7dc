"""L-BFGS, for small data: all samples at every step, and curvature from the last few gradients.

It is no `Optimizer`: it chooses its own steps, evaluates the loss several times for one of them and
keeps its state to itself. So it is a function beside `fit`, and SciPy does the minimising.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.layers.base import Context
from chainrule.model_data import look, prepare
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.step import Data, Task, feed, gradients, total_weight
from chainrule.training.history import History
from chainrule.tree import Tree, flatten, keep, map_leaves, replace

if TYPE_CHECKING:
    from chainrule.model import Model


def fit_lbfgs(
    model: Model,
    x: Any,
    y: Any,
    iterations: int = 200,
    *,
    sample_weight: Any = None,
    tolerance: float = 1e-6,
    memory: int = 10,
) -> History:
    """Train `model` on all samples at once with SciPy's L-BFGS-B; return its history.

    Each iteration is an epoch in the history. It ends after `iterations`, or when no entry of
    the gradient exceeds `tolerance`. Computed in float64 on NumPy, whatever the model's type;
    `memory` is the number of gradients remembered. Batch statistics and dropout masks are those of
    one fixed step. Parameters that are not trainable stay. Raises MissingExtraError without
    SciPy. Source: Liu and Nocedal, Mathematical Programming 45 (1989); Byrd, Lu, Nocedal and Zhu,
    SIAM Journal on Scientific Computing 16 (1995).

    >>> import chainrule as cr
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError())
    >>> history = fit_lbfgs(model, x, 3 * x[:, 0] + 1)
    >>> [round(float(p[..., 0].item()), 3) for p in model.parameters.values()]
    [3.0, 1.0]
    """
    if iterations < 1:
        raise ConfigurationError(f"iterations must be at least 1, got {iterations}")
    data = prepare(model, x, y, sample_weight)
    look(model, data)
    minimize(
        model, model.task, data, maxiter=iterations, gtol=tolerance, ftol=0.0, maxcor=memory
    )  # fmt: skip
    return model.history


class Objective:
    """The loss of all samples and its gradient, as functions of one vector of parameters.

    The weights stand before the biases in it, in the order of the layers.
    """

    def __init__(self, model: Model, task: Task, data: Data) -> None:
        state = model.state
        self.task = task._replace(dtype="float64")
        rows = np.arange(len(data.X))
        self.batch, self.weight = feed(self.task, data, rows), total_weight(data, rows)
        self.ctx = Context(training=True, rng=Rng(task.seed, state.step, self.batch.rows))
        self.running = map_leaves(lambda a: a.astype(np.float64), dict(state.running))
        self.exact = map_leaves(lambda p: p.astype(np.float64), state.params)
        leaves = flatten(self.exact)
        names = [n for n in leaves if task.trainable is None or n in task.trainable]
        self.names = sorted(names, key=lambda name: leaves[name].ndim < 2)
        self.shapes = [leaves[n].shape for n in self.names]
        self.ends = np.cumsum([leaves[n].size for n in self.names])[:-1]
        self.start = self.vector(self.exact)

    def vector(self, tree: Tree) -> Array:
        """Return the leaves that are trained, one after the other."""
        leaves = flatten(keep(tree, set(self.names)))
        return np.concatenate([leaves[n].ravel() for n in self.names])

    def tree(self, vector: Array) -> Tree:
        """Return all parameters, those that are trained from the vector."""
        parts = zip(self.names, np.split(vector, self.ends), self.shapes, strict=True)
        return replace(self.exact, {name: part.reshape(shape) for name, part, shape in parts})

    def __call__(self, vector: Array) -> tuple[float, Array]:
        """Return the loss, with the penalty where there is one, and its gradient."""
        params = self.tree(vector)
        outcome, grads, _ = gradients(self.task, params, self.running, self.batch, self.ctx)
        value = outcome.value
        if self.task.penalty is not None:
            value, grads = self.task.penalty(params, grads, value, self.weight)
        return float(value), self.vector(grads)

    def advanced(self, params: Tree) -> Any:
        """Return the state that is not trained, after a pass with these parameters."""
        return gradients(self.task, params, self.running, self.batch, self.ctx)[2]


def minimize(
    model: Model,
    task: Task,
    data: Data,
    watch: Callable[[float, Tree], None] | None = None,
    **options: Any,
) -> Any:
    """Train on checked data with `options` for SciPy; return its result.

    `watch` sees loss and parameters after each iteration. Raises MissingExtraError without SciPy.
    """
    try:
        from scipy.optimize import minimize as search
    except ImportError:
        raise MissingExtraError('fit_lbfgs needs SciPy: pip install "chainrule[scipy]"') from None
    state, history, objective = model.state, model.history, Objective(model, task, data)
    began = perf_counter()

    def record(intermediate_result: Any) -> None:
        nonlocal began
        value = float(intermediate_result.fun)
        history.add({"loss": value}, perf_counter() - began)
        if watch is not None:
            watch(value, objective.tree(intermediate_result.x))
        began = perf_counter()

    # What overflows is seen in the loss, and the search goes back.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = search(
            objective, objective.start, jac=True, method="L-BFGS-B", callback=record,
            options=options,
        )  # fmt: skip
    best = objective.tree(found.x)
    after = objective.advanced(best)
    model.restore(
        state._replace(
            params=map_leaves(lambda p: p.astype(model.dtype), best),
            running=map_leaves(lambda a: a.astype(model.dtype), dict(after)),
            step=int(state.step) + int(found.nit),
        )
    )
    history.engine = "numpy: L-BFGS of SciPy"
    history.stopped = None if found.success else str(found.message)
    return found
