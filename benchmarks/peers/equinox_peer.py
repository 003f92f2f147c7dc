"""Equinox + Optax: one jitted step per minibatch.

After Equinox's MNIST example, with the flattening of its page "Tricks", section "Low-overhead
training loops", and donated buffers.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.peers.base import Loop, Settings, Training, shuffled
from benchmarks.workloads import Array, Data, Workload


class Network(eqx.Module):
    """Linear layers with an activation between them; takes one sample, as Equinox's layers do."""

    layers: list[eqx.nn.Linear]
    activation: Any = eqx.field(static=True)

    def __init__(self, workload: Workload, data: Data) -> None:
        self.activation = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[workload.hidden]
        self.layers = []
        for W, b in data.weights:
            layer = eqx.nn.Linear(*W.shape, key=jax.random.key(0))
            new = (jnp.array(W.T), jnp.array(b))
            self.layers.append(eqx.tree_at(lambda l: (l.weight, l.bias), layer, new))

    def __call__(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


def make(workload: Workload, data: Data) -> Training:
    """Return the training."""
    model = Network(workload, data)
    rule = {"sgd": optax.sgd, "adam": optax.adam}[workload.optimizer](workload.learning_rate)
    state = rule.init(eqx.filter(model, eqx.is_inexact_array))
    leaves, structure = jax.tree.flatten(model)
    state_leaves, state_structure = jax.tree.flatten(state)
    rng = np.random.default_rng(0)

    def error(model: Network, X: Any, Y: Any) -> Any:
        output = jax.vmap(model)(X)
        if workload.loss == "squared":
            wanted = jax.nn.one_hot(Y, workload.sizes[-1])
            return 0.5 * jnp.square(jax.nn.sigmoid(output) - wanted).sum(axis=1).mean()
        return optax.softmax_cross_entropy_with_integer_labels(output, Y).mean()

    @eqx.filter_jit(donate="all-except-first")
    def train_step(batch: Any, leaves: Any, state_leaves: Any) -> Any:
        model = jax.tree.unflatten(structure, leaves)
        state = jax.tree.unflatten(state_structure, state_leaves)
        value, grads = eqx.filter_value_and_grad(error)(model, *batch)
        updates, state = rule.update(grads, state, model)
        model = eqx.apply_updates(model, updates)
        return value, jax.tree.leaves(model), jax.tree.leaves(state)

    def one_epoch() -> Array:
        nonlocal leaves, state_leaves
        losses = []
        for batch in shuffled(rng, len(data.x), workload.batch_size):
            pair = data.x[batch], data.y[batch]
            loss, leaves, state_leaves = train_step(pair, leaves, state_leaves)
            losses.append(loss)
        return np.array(jax.device_get(losses))

    apply = jax.jit(lambda leaves, X: jax.vmap(jax.tree.unflatten(structure, leaves))(X))
    return Loop(one_epoch, lambda X: apply(leaves, X))


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    small = data._replace(y=data.y.astype(np.int32))
    return {"": lambda: make(workload, small)}
