"""Flax (Linen) and Optax: a jitted step for each minibatch with donated buffers, as its guides."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState

from benchmarks.breadth.networks import BLOCKS, EPS, RATE, TOKENS, UNITS, WIDTH, Broad, Samples
from benchmarks.peers.base import Loop, Settings, Training, shuffled
from benchmarks.workloads import Array


class Network(nn.Module):
    """The network of that name."""

    network: str

    @nn.compact
    def __call__(self, x: Any) -> Any:
        if self.network == "cnn":
            for name, filters in (("conv1", 32), ("conv2", 64)):
                x = nn.relu(nn.Conv(filters, (3, 3), padding="VALID", name=name)(x))
                x = nn.max_pool(x, (2, 2), strides=(2, 2))
            x = x.reshape(len(x), -1)
            x = nn.relu(nn.Dense(128, name="dense1")(x))
            return nn.Dense(10, name="dense2")(x)
        if self.network == "text":
            x = nn.Embed(TOKENS, UNITS, name="embedding")(x).mean(axis=1)
            return nn.Dense(2, name="dense2")(nn.relu(nn.Dense(64, name="dense1")(x)))
        x = nn.Dense(WIDTH, name="stem")(x)
        for i in range(BLOCKS):
            inside = nn.relu(nn.Dense(WIDTH, name=f"block{i}.a")(nn.LayerNorm(epsilon=EPS)(x)))
            x = x + nn.Dense(WIDTH, name=f"block{i}.b")(inside)
        return nn.Dense(10, name="head")(nn.LayerNorm(epsilon=EPS)(x))


def make(work: Broad, data: Samples) -> Training:
    """Return a training."""
    network = Network(work.network)
    params = network.init(jax.random.key(0), jnp.array(data.x[:1]))["params"]
    for name, (W, b) in data.weights.items():
        given = {"embedding": W} if name == "embedding" else {"kernel": W, "bias": b}
        params[name] = {n: jnp.array(a) for n, a in given.items()}
    state = TrainState.create(apply_fn=network.apply, params=params, tx=optax.adam(RATE))
    rng, y = np.random.default_rng(0), data.y.astype(np.int32)

    @partial(jax.jit, donate_argnums=0)
    def train_step(state: TrainState, X: Any, Y: Any) -> Any:
        def loss(params: Any) -> Any:
            Z = state.apply_fn({"params": params}, X)
            return optax.softmax_cross_entropy_with_integer_labels(Z, Y).mean()

        value, grads = jax.value_and_grad(loss)(state.params)
        return state.apply_gradients(grads=grads), value

    def one_epoch() -> Array:
        nonlocal state
        losses = []
        for batch in shuffled(rng, len(y), work.batch_size):
            state, loss = train_step(state, data.x[batch], y[batch])
            losses.append(loss)
        return np.array(jax.device_get(losses))

    return Loop(one_epoch, lambda X: network.apply({"params": state.params}, X))


def prepare(name: str, work: Broad, data: Samples) -> Settings:
    return {"Linen": lambda: make(work, data)}
