"""JAX by hand: `jax.grad` and Optax, a whole epoch in one `lax.scan`, data on the device.

No library's guide trains a network like this; it is shown so that one sees what compiling whole
epochs gives to anybody, and what is left to the hand-written derivatives.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.peers.base import Loop, Settings, Training
from benchmarks.workloads import Array, Data, Workload


def make(workload: Workload, data: Data) -> Training:
    """Return the training."""
    activation = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[workload.hidden]
    rule = {"sgd": optax.sgd, "adam": optax.adam}[workload.optimizer](workload.learning_rate)
    params: Any = [(jnp.array(W), jnp.array(b)) for W, b in data.weights]
    state = rule.init(params)
    x, y = jnp.array(data.x), jnp.array(data.y, jnp.int32)
    rng = np.random.default_rng(0)
    size, full = workload.batch_size, len(data.x) // workload.batch_size * workload.batch_size

    def output(params: Any, X: Any) -> Any:
        for W, b in params[:-1]:
            X = activation(X @ W + b)
        W, b = params[-1]
        return X @ W + b

    def error(params: Any, X: Any, Y: Any) -> Any:
        Z = output(params, X)
        if workload.loss == "squared":
            wanted = jax.nn.one_hot(Y, workload.sizes[-1])
            return 0.5 * jnp.square(jax.nn.sigmoid(Z) - wanted).sum(axis=1).mean()
        return optax.softmax_cross_entropy_with_integer_labels(Z, Y).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def run(params: Any, state: Any, x: Any, y: Any, blocks: Any) -> Any:
        def step(carry: Any, rows: Any) -> Any:
            params, state = carry
            value, grads = jax.value_and_grad(error)(params, x[rows], y[rows])
            updates, state = rule.update(grads, state, params)
            return (optax.apply_updates(params, updates), state), value

        return jax.lax.scan(step, (params, state), blocks)

    def one_epoch() -> Array:
        nonlocal params, state
        order = rng.permutation(len(x)).astype(np.int32)
        parts = [order[:full].reshape(-1, size)]
        parts += [order[full:][None]] if full < len(x) else []
        losses = []
        for part in parts:
            (params, state), values = run(params, state, x, y, part)
            losses.append(np.asarray(values))
        return np.concatenate(losses)

    apply = jax.jit(output)
    return Loop(one_epoch, lambda X: apply(params, X))


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    return {"": lambda: make(workload, data)}
