"""What is trained: the networks, the data and the initial weights that every library gets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Workload:
    """A network with its minibatches and optimizer.

    Hidden layers are followed by `hidden`. `loss` is "cross-entropy" (softmax on logits, mean over
    the batch) or "squared" (½ Σ over the outputs of a sigmoid, mean over the batch).
    `epochs` is the number of epochs in one timed round.
    """

    name: str
    sizes: tuple[int, ...]
    batch_size: int
    optimizer: Literal["sgd", "adam"]
    learning_rate: float
    hidden: Literal["relu", "sigmoid"] = "relu"
    loss: Literal["cross-entropy", "squared"] = "cross-entropy"
    samples: int = 60_000
    epochs: int = 2
    package: ClassVar[str] = "benchmarks.peers"  # where each library's code for it is

    @property
    def title(self) -> str:
        """Network, batch size and optimizer in a few words."""
        sizes, rule = "-".join(map(str, self.sizes)), {"sgd": "SGD", "adam": "Adam"}[self.optimizer]
        return f"{sizes}, batch {self.batch_size}, {rule}"

    @property
    def steps(self) -> int:
        """Updates in an epoch; the last minibatch may be smaller."""
        return -(-self.samples // self.batch_size)

    @property
    def flops(self) -> float:
        """Operations in the products of a full step.

        2 m Σ(inputs · outputs) forward, the same for dW, and the same for dX of all but the first
        layer, whose dX nobody needs.
        """
        products = [a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False)]
        return 2.0 * self.batch_size * (3 * sum(products) - products[0])

    @property
    def parameters(self) -> int:
        """Numbers that are learnt."""
        return sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def to_json(self) -> dict[str, Any]:
        """Return the fields, for a worker process."""
        return asdict(self)

    def data(self) -> Data:
        """Return samples, labels and initial weights: the same every time."""
        return make_data(self)

    @staticmethod
    def from_json(fields: dict[str, Any]) -> Workload:
        """Return the workload that `to_json` described."""
        return Workload(**{**fields, "sizes": tuple(fields["sizes"])})

    def shrunk(self) -> Workload:
        """Return the same network on a tenth of the data, for a look rather than a measurement."""
        return replace(self, samples=max(self.samples // 10, 4 * self.batch_size))


WORKLOADS = {
    w.name: w
    for w in (
        Workload("A", (784, 128, 10), 32, "sgd", 0.1, epochs=3),
        Workload("B", (784, 128, 10), 128, "adam", 1e-3, epochs=4),
        Workload("C", (784, 512, 512, 10), 128, "adam", 1e-3, epochs=1),
        Workload("D", (784, 2048, 2048, 10), 512, "adam", 1e-3, samples=10_240, epochs=1),
        Workload("E", (20, 64, 64, 2), 64, "adam", 1e-3, epochs=6),
        Workload("F", (784, 30, 10), 10, "sgd", 3.0, "sigmoid", "squared", epochs=2),
    )
}


class Data(NamedTuple):
    """Samples (m, n) in float32, labels (m,), and W and b of every layer."""

    x: Array
    y: Array
    weights: list[tuple[Array, Array]]


def make_data(workload: Workload) -> Data:
    """Return noisy points around one centre per class, in [-1, 1], and Glorot-uniform weights.

    Only sizes matter for speed, so no data set has to be fetched. The classes overlap, so that the
    loss stays above 0, and inputs are small and centred, so that any order of samples leads to
    much the same loss: that every library does the same work can then be seen in it.
    """
    rng = np.random.default_rng(0)
    weights = initial_weights(workload, rng)
    inputs, classes = workload.sizes[0], workload.sizes[-1]
    y = rng.integers(0, classes, workload.samples)
    centres = rng.uniform(-1, 1, (classes, inputs)).astype(np.float32)
    x = rng.random((workload.samples, inputs), dtype=np.float32)
    noise, signal = 0.5, 1.25 / inputs**0.5
    for rows in range(0, len(x), 4096):  # in blocks, so that this is nobody's peak memory
        block = slice(rows, rows + 4096)
        x[block] = noise * (2 * x[block] - 1) + signal * centres[y[block]]
    return Data(x, y, weights)


def initial_weights(workload: Workload, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Return W (inputs, units), Glorot-uniform, and b (units,), zero, for every layer."""
    weights = []
    for n, units in zip(workload.sizes, workload.sizes[1:], strict=False):
        limit = np.sqrt(6 / (n + units))
        W = rng.uniform(-limit, limit, (n, units)).astype(np.float32)
        weights.append((W, np.zeros(units, np.float32)))
    return weights


def mnist(workload: Workload) -> tuple[Data, Array, Array]:
    """Return MNIST for a workload, pixels in [0, 1], and its test samples and labels."""
    from chainrule.data import load

    (x, y), (x_test, y_test) = load("mnist")
    flat = [np.ascontiguousarray(a.reshape(len(a), -1), np.float32) / 255 for a in (x, x_test)]
    data = Data(flat[0], y.astype(np.int64), initial_weights(workload, np.random.default_rng(0)))
    return data, flat[1], y_test
