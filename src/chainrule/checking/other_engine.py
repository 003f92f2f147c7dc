"""The same layer on the arrays of the XLA engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.namespace import Array
from chainrule.tree import flatten, map_leaves

if TYPE_CHECKING:
    from chainrule.checking.subject import Trial
    from chainrule.checking.subjects.library import LayerSubject


def gradients_with_jax(subject: LayerSubject, trial: Trial) -> dict[str, Array]:
    """Return the gradients that the layer gives on jax.numpy's arrays, in float32."""
    from chainrule.engines import device

    engine: Any = device  # the one place that knows JAX
    on_device = engine.jax.numpy.asarray
    params = map_leaves(on_device, subject.tree_of(trial.variables))
    ctx = subject.context(trial)
    rng = None if ctx.rng is None else ctx.rng._replace(rows=on_device(ctx.rng.rows))
    ctx = ctx._replace(rng=rng, state=map_leaves(on_device, ctx.state))
    _, cache = subject.layer.forward(params, on_device(trial.variables["X"]), ctx)
    dX, grads = subject.layer.backward(params, cache, on_device(trial.dY))
    return {name: np.asarray(g, float) for name, g in {"X": dX, **flatten(grads)}.items()}
