"""Flax + Optax: one jitted step per minibatch, as in Flax's MNIST examples.

Both of its ways are tried: NNX with `nnx.cached_partial`, as its guide on performance
advises, and Linen with `TrainState` and donated buffers. Neither guide scans over minibatches, so
there is no scan here.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from flax.training.train_state import TrainState

from benchmarks.peers.base import Loop, Settings, Training, shuffled
from benchmarks.workloads import Array, Data, Workload


def error(workload: Workload, output: Any, Y: Any) -> Any:
    """Return the mean loss of a batch, from the outputs before the last activation."""
    if workload.loss == "squared":
        wanted = jax.nn.one_hot(Y, workload.sizes[-1])
        return 0.5 * jnp.square(jax.nn.sigmoid(output) - wanted).sum(axis=1).mean()
    return optax.softmax_cross_entropy_with_integer_labels(output, Y).mean()


def optimizer(workload: Workload) -> optax.GradientTransformation:
    """Return Optax's optimizer for a workload."""
    return {"sgd": optax.sgd, "adam": optax.adam}[workload.optimizer](workload.learning_rate)


def activation(workload: Workload) -> Any:
    """Return the function between two layers."""
    return {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[workload.hidden]


def linen(workload: Workload, data: Data) -> Training:
    """Return a training with Linen and TrainState."""

    class Network(nn.Module):
        @nn.compact
        def __call__(self, x: Any) -> Any:
            for units in workload.sizes[1:-1]:
                x = activation(workload)(nn.Dense(units)(x))
            return nn.Dense(workload.sizes[-1])(x)

    network = Network()
    params = {
        f"Dense_{i}": {"kernel": jnp.array(W), "bias": jnp.array(b)}
        for i, (W, b) in enumerate(data.weights)
    }
    state = TrainState.create(apply_fn=network.apply, params=params, tx=optimizer(workload))
    rng = np.random.default_rng(0)

    @partial(jax.jit, donate_argnums=0)
    def train_step(state: TrainState, X: Any, Y: Any) -> Any:
        def loss(p: Any) -> Any:
            return error(workload, state.apply_fn({"params": p}, X), Y)

        value, grads = jax.value_and_grad(loss)(state.params)
        return state.apply_gradients(grads=grads), value

    def one_epoch() -> Array:
        nonlocal state
        losses = []
        for batch in shuffled(rng, len(data.x), workload.batch_size):
            state, loss = train_step(state, data.x[batch], data.y[batch])
            losses.append(loss)
        return np.array(jax.device_get(losses))

    apply = jax.jit(lambda p, X: network.apply({"params": p}, X))
    return Loop(one_epoch, lambda X: apply(state.params, X))


def with_nnx(workload: Workload, data: Data) -> Training:
    """Return a training with NNX modules."""

    class Network(nnx.Module):
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.layers = nnx.List([nnx.Linear(*W.shape, rngs=rngs) for W, _ in data.weights])

        def __call__(self, x: Any) -> Any:
            for layer in self.layers[:-1]:
                x = activation(workload)(layer(x))
            return self.layers[-1](x)

    model = Network()
    for layer, (W, b) in zip(model.layers, data.weights, strict=True):
        layer.kernel[...], layer.bias[...] = jnp.array(W), jnp.array(b)
    rule = nnx.Optimizer(model, optimizer(workload), wrt=nnx.Param)
    rng = np.random.default_rng(0)

    @nnx.jit(donate_argnums=(0, 1))
    def train_step(model: Network, rule: nnx.Optimizer, X: Any, Y: Any) -> Any:
        value, grads = nnx.value_and_grad(lambda m: error(workload, m(X), Y))(model)
        rule.update(model, grads)
        return value

    step = nnx.cached_partial(train_step, model, rule)

    def one_epoch() -> Array:
        batches = shuffled(rng, len(data.x), workload.batch_size)
        return np.array(jax.device_get([step(data.x[b], data.y[b]) for b in batches]))

    return Loop(one_epoch, nnx.jit(model))


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    small = data._replace(y=data.y.astype(np.int32))
    return {"Linen": lambda: linen(workload, small), "NNX": lambda: with_nnx(workload, small)}
