"""Keras 3 on JAX: `compile(jit_compile=True)` and `fit`, `steps_per_execution` 1 and 32."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.breadth.networks import BLOCKS, EPS, RATE, TOKENS, UNITS, WIDTH, Broad, Samples
from benchmarks.peers.base import Epoch, Settings
from benchmarks.peers.keras_peer import Watch


def cnn(x: Any) -> Any:
    x = layers.MaxPooling2D()(layers.Conv2D(32, 3, activation="relu", name="conv1")(x))
    x = layers.MaxPooling2D()(layers.Conv2D(64, 3, activation="relu", name="conv2")(x))
    x = layers.Dense(128, activation="relu", name="dense1")(layers.Flatten()(x))
    return layers.Dense(10, name="dense2")(x)


def text(x: Any) -> Any:
    x = layers.GlobalAveragePooling1D()(layers.Embedding(TOKENS, UNITS, name="embedding")(x))
    return layers.Dense(2, name="dense2")(layers.Dense(64, activation="relu", name="dense1")(x))


def residual(x: Any) -> Any:
    x = layers.Dense(WIDTH, name="stem")(x)
    for i in range(BLOCKS):
        inside = layers.LayerNormalization(epsilon=EPS)(x)
        inside = layers.Dense(WIDTH, activation="relu", name=f"block{i}.a")(inside)
        x = layers.add([x, layers.Dense(WIDTH, name=f"block{i}.b")(inside)])
    return layers.Dense(10, name="head")(layers.LayerNormalization(epsilon=EPS)(x))


BUILD = {"cnn": cnn, "text": text, "residual": residual}


class Training:
    """A compiled Keras model."""

    def __init__(self, work: Broad, data: Samples, steps: int) -> None:
        keras.utils.set_random_seed(0)  # of the order of samples
        self.work, self.data = work, data
        x = keras.Input(data.x.shape[1:], dtype=str(data.x.dtype))
        self.model = keras.Model(x, BUILD[work.network](x))
        for name, (W, b) in data.weights.items():
            self.model.get_layer(name).set_weights([W] if name == "embedding" else [W, b])
        self.model.compile(
            keras.optimizers.Adam(RATE),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
            steps_per_execution=steps,
        )

    def __call__(self, epochs: int) -> list[Epoch]:
        watch = Watch()
        self.model.fit(
            self.data.x,
            self.data.y.astype(np.int32),
            batch_size=self.work.batch_size,
            epochs=epochs,
            verbose=0,
            callbacks=[watch],
        )
        return watch.epochs


def prepare(name: str, work: Broad, data: Samples) -> Settings:
    return {
        f"steps_per_execution={steps}": lambda steps=steps: Training(work, data, steps)
        for steps in (1, 32)
    }
