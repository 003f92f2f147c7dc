"""The three networks, their data and the initial weights that every library gets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TOKENS, LENGTH, UNITS = 10_000, 200, 32  # vocabulary, words in a text, numbers for each word
INPUTS, WIDTH, BLOCKS = 64, 128, 4
EPS = 1e-5  # of LayerNorm; libraries' defaults differ
RATE = 1e-3  # of Adam

TITLES = {
    "cnn": "1-32C3-P2-64C3-P2-128-10",
    "text": f"{LENGTH} of {TOKENS:,} tokens-{UNITS}-mean-64-2",
    "residual": f"{INPUTS}-{WIDTH}-{BLOCKS} x (norm-{WIDTH}-{WIDTH})-norm-10",
}
# W of each layer, in the order of the forward pass: convolutions (k, k, c, filters), tables of
# embeddings (tokens, units), dense layers (inputs, units).
SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "cnn": {
        "conv1": (3, 3, 1, 32),
        "conv2": (3, 3, 32, 64),
        "dense1": (1600, 128),
        "dense2": (128, 10),
    },
    "text": {"embedding": (TOKENS, UNITS), "dense1": (UNITS, 64), "dense2": (64, 2)},
    "residual": {
        "stem": (INPUTS, WIDTH),
        **{f"block{i}.{part}": (WIDTH, WIDTH) for i in range(BLOCKS) for part in "ab"},
        "head": (WIDTH, 10),
    },
}
PLACES = {"conv1": 26 * 26, "conv2": 11 * 11}  # where a filter is laid on an image
CLASSES = {"cnn": 10, "text": 2, "residual": 10}


@dataclass(frozen=True)
class Broad:
    """A network with its minibatches; Adam, cross-entropy on logits, mean over the minibatch."""

    network: str
    batch_size: int = 64
    samples: int = 6_400
    epochs: int = 1
    package: ClassVar[str] = "benchmarks.breadth"

    @property
    def name(self) -> str:
        """What tells it from others: the network and the size of its minibatches."""
        return f"{self.network} {self.batch_size}"

    @property
    def title(self) -> str:
        """Network, batch size and optimizer in a few words."""
        return f"{TITLES[self.network]}, batch {self.batch_size}, Adam"

    @property
    def steps(self) -> int:
        """Updates in an epoch."""
        return -(-self.samples // self.batch_size)

    @property
    def flops(self) -> float:
        """Operations in the products of a step: forward, dW, and dX of all but the first layer."""
        shapes = {n: s for n, s in SHAPES[self.network].items() if n != "embedding"}
        products = [PLACES.get(n, 1) * int(np.prod(s)) for n, s in shapes.items()]
        unused = 0 if self.network == "text" else products[0]  # below the text's is its table
        return 2.0 * self.batch_size * (3 * sum(products) - unused)

    def to_json(self) -> dict[str, Any]:
        """Return the fields, for a worker process."""
        return asdict(self)

    def shrunk(self) -> Broad:
        """Return the same network on few samples, for a look rather than a measurement."""
        return replace(self, samples=8 * self.batch_size)

    def data(self) -> Samples:
        """Return samples around one centre per class, labels and weights: the same every time."""
        rng = np.random.default_rng(0)
        y = rng.integers(0, CLASSES[self.network], self.samples)
        return Samples(samples(self.network, y, rng), y, weights(self.network, rng))


class Samples(NamedTuple):
    """Images (m, 28, 28, 1), tokens (m, n) or rows (m, n); labels (m,); W and b by layer."""

    x: Array
    y: Array
    weights: dict[str, tuple[Array, Array]]


def samples(network: str, y: Array, rng: np.random.Generator) -> Array:
    """Return what the labels `y` look like, blurred so that no network gets all of them right."""
    if network == "text":  # words as frequent as in a language, and one in ten tells the class
        shape = (len(y), LENGTH)
        words = (TOKENS * rng.random(shape) ** 3).astype(np.int32)
        telling = rng.random(shape) < 0.1
        return np.where(telling, words // 2 * 2 + y[:, None].astype(np.int32), words)
    shape = (28, 28, 1) if network == "cnn" else (INPUTS,)
    centres = rng.uniform(-1, 1, (CLASSES[network], *shape)).astype(np.float32)
    noise = rng.random((len(y), *shape), dtype=np.float32) - 0.5
    return 1.25 * float(np.prod(shape)) ** -0.5 * centres[y] + noise


def weights(network: str, rng: np.random.Generator) -> dict[str, tuple[Array, Array]]:
    """Return W, Glorot-uniform, and b, zero, of every layer; an embedding's W from N(0, 1)."""
    made = {}
    for name, shape in SHAPES[network].items():
        window = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (window * (shape[-2] + shape[-1])))
        W = rng.uniform(-limit, limit, shape)
        if name == "embedding":
            W = rng.standard_normal(shape)
        made[name] = W.astype(np.float32), np.zeros(shape[-1], np.float32)
    return made


NETWORKS = {
    "cnn": Broad("cnn"),
    "text": Broad("text", epochs=8),
    "residual": Broad("residual", samples=12_800, epochs=5),
}
