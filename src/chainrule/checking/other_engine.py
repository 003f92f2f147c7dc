"""The same layer on the arrays of the XLA engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.namespace import Array
from chainrule.tree import flatten

if TYPE_CHECKING:
    from chainrule.checking.subject import Trial
    from chainrule.checking.subjects.library import LayerSubject


def gradients_with_jax(subject: LayerSubject, trial: Trial) -> dict[str, Array]:
    """Return the gradients that the layer gives on jax.numpy's arrays, in float32."""
    from chainrule.engines import device

    engine: Any = device  # the one place that knows JAX
    ctx = subject.context(trial)

    def both_ways(params: Any, X: Array, dY: Array, state: Any, rows: Any) -> Any:
        rng = None if ctx.rng is None else ctx.rng._replace(rows=rows)
        _, cache = subject.layer.forward(params, X, ctx._replace(rng=rng, state=state))
        return subject.layer.backward(params, cache, dY)

    params = subject.tree_of(trial.variables)
    rows = None if ctx.rng is None else ctx.rng.rows
    compiled = engine.jax.jit(both_ways)  # as the engine runs it, in one program
    dX, grads = compiled(params, trial.variables["X"], trial.dY, ctx.state, rows)
    return {name: np.asarray(g, float) for name, g in {"X": dX, **flatten(grads)}.items()}
