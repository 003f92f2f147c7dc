"""L-BFGS, for small data: all samples at every step, and curvature from the last few gradients.

It is no `Optimizer`: it chooses its own steps, evaluates the loss several times for one of them and
keeps its state to itself. So it is a function beside `fit`, and SciPy does the minimising.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.layers.base import Context
from chainrule.model_data import look, prepare
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.step import feed, gradients
from chainrule.training.history import History
from chainrule.tree import flatten, keep, map_leaves, replace

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
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise MissingExtraError('fit_lbfgs needs SciPy: pip install "chainrule[scipy]"') from None
    if iterations < 1:
        raise ConfigurationError(f"iterations must be at least 1, got {iterations}")
    data = prepare(model, x, y, sample_weight)
    look(model, data)
    state, history = model.state, model.history
    task = model.task._replace(dtype="float64")
    running = map_leaves(lambda a: a.astype(np.float64), dict(state.running))
    batch = feed(task, data, np.arange(len(data.X)))
    ctx = Context(training=True, rng=Rng(task.seed, state.step, batch.rows))
    start = flatten(state.params)
    names = [n for n in start if task.trainable is None or n in task.trainable]
    exact = map_leaves(lambda p: p.astype(np.float64), state.params)
    ends = np.cumsum([start[n].size for n in names])

    def tree(vector: Array) -> Any:
        parts = np.split(vector, ends[:-1])
        cut = {n: part.reshape(start[n].shape) for n, part in zip(names, parts, strict=True)}
        return replace(exact, cut)

    def loss(vector: Array) -> tuple[float, Array]:
        outcome, grads, _ = gradients(task, tree(vector), running, batch, ctx)
        leaves = flatten(keep(grads, set(names)))
        return float(outcome.value), np.concatenate([leaves[n].ravel() for n in names])

    began = perf_counter()

    def record(intermediate_result: Any) -> None:
        nonlocal began
        history.add({"loss": float(intermediate_result.fun)}, perf_counter() - began)
        began = perf_counter()

    found = minimize(
        loss,
        np.concatenate([start[n].astype(np.float64).ravel() for n in names]),
        jac=True,
        method="L-BFGS-B",
        callback=record,
        options={"maxiter": iterations, "gtol": tolerance, "ftol": 0.0, "maxcor": memory},
    )
    best = tree(found.x)
    _, _, after = gradients(task, best, running, batch, ctx)
    model.restore(
        state._replace(
            params=map_leaves(lambda p: p.astype(model.dtype), best),
            running=map_leaves(lambda a: a.astype(model.dtype), dict(after)),
            step=int(state.step) + int(found.nit),
        )
    )
    history.engine = "numpy: L-BFGS of SciPy"
    history.stopped = None if found.success else str(found.message)
    return history
