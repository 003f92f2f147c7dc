"""Text A: one sigmoid neuron, split in two, then layers that classify images.

In the text's letters: samples are columns, X is (q, m), W is (p, q), B is (p, 1), L the loss and η
the step. A layer turns X into Y on the way there, and ∂L/∂Y into ∂L/∂X on the way back.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import chainrule as cr
from showing import compare, gap, show_refusal

Array = np.ndarray


def sigma(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# One neuron -----------------------------------------------------------------------------------


def neuron(a: list[float], w: list[float], b: float) -> float:
    """Return s = σ(Σ aᵢ wᵢ + b), the sum written as a sum."""
    return float(sigma(np.float64(sum(a_i * w_i for a_i, w_i in zip(a, w, strict=True)) + b)))


def split_neuron(A: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """Return r = Wᵀ·A + b, then s = σ(r), for columns A (n, m) and W (n, 1)."""
    r = W.T @ A + b
    return r, sigma(r)


def library_neuron(A: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """Return the same r and s from the library's Dense and Sigmoid, seen in columns."""
    r, _ = cr.columns(cr.Dense(1)).forward({"W": W.T, "b": b}, A)
    s, _ = cr.columns(cr.Sigmoid()).forward({}, r)
    return r, s


def train_neuron(updates: int, eta: float) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """Learn OR with one neuron: by the text's rule, and by the library; L = ½ Σ (s − t)².

    Returns the text's W (1, 2) and B (1, 1), the library's, and the neuron's four answers.
    """
    X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
    T = np.array([[0.0, 1, 1, 1]])
    start = {"0.W": np.array([[0.1, -0.2]]), "0.b": np.array([[0.05]])}

    W, B = start["0.W"], start["0.b"]
    for _ in range(updates):
        s = sigma(W @ X + B)
        dr = (s - T) * s * (1 - s)  # ∂L/∂r = ∂L/∂s · σ′(r)
        gradients = {"W": dr @ X.T, "B": dr.sum(axis=1, keepdims=True)}
        W, B = W - eta * gradients["W"], B - eta * gradients["B"]  # p' = p − η ∂L/∂p

    model = cr.Model(
        cr.Sequential(cr.Dense(1), cr.Sigmoid()),
        cr.SquaredError("half", reduction="sum"),
        cr.SGD(eta),
        input_shape=(2,),
        dtype="float64",
    )
    model.set_parameters(start, notation="columns")
    model.fit(X.T, T.T, epochs=updates, batch_size=None, verbose=0, engine="numpy", shuffle=False)
    library = {"W": model.parameters["0.W"].T, "B": model.parameters["0.b"][:, None]}
    return {"W": W, "B": B}, library, sigma(W @ X + B)


# Layers ---------------------------------------------------------------------------------------


def three_forms(W: Array, X: Array, B: Array) -> tuple[Array, Array, Array]:
    """Return Y for one column X, from the entry, from the row, and from the matrix.

    yᵢ = Σⱼ wᵢⱼ xⱼ + bᵢ,    yᵢ = Wᵢᵀ·X + bᵢ,    Y = W·X + B
    """
    p, q = W.shape
    entries = [[sum(W[i, j] * X[j, 0] for j in range(q)) + B[i, 0]] for i in range(p)]
    rows = [[(W[i] @ X + B[i])[0]] for i in range(p)]
    return np.array(entries), np.array(rows), W @ X + B


def dense_by_hand(W: Array, X: Array, dY: Array) -> dict[str, Array]:
    """Return ∂L/∂W = ∂L/∂Y·Xᵀ, ∂L/∂B = ∂L/∂Y (its columns summed) and ∂L/∂X = Wᵀ·∂L/∂Y."""
    return {"W": dY @ X.T, "b": dY.sum(axis=1, keepdims=True), "X": W.T @ dY}


def dense_in_library(W: Array, B: Array, X: Array, dY: Array) -> dict[str, Array]:
    """Return the same three from the library's layer."""
    layer = cr.columns(cr.Dense(len(W)))
    _, cache = layer.forward({"W": W, "b": B}, X)
    dX, gradients = layer.backward({"W": W, "b": B}, cache, dY)
    return {**gradients, "X": dX}


class TextLayer:
    """The text's layer: it keeps its parameters, and updates them on the way back.

    The arithmetic is the library's; only the memory is here. ∂L/∂X is taken with the weights that
    made the error, before they move.
    """

    def __init__(self, layer: cr.Layer, q: int, seed: int) -> None:
        self.layer = cr.columns(layer)
        self.parameters = self.layer.init((q,), seed, "float64")
        self.cache: Any = None

    def forward(self, X: Array) -> Array:
        """Return Y, and remember what the way back needs."""
        Y, self.cache = self.layer.forward(self.parameters, X)
        return Y

    def backward(self, dY: Array, eta: float) -> Array:
        """Return ∂L/∂X, and update every parameter p to p − η ∂L/∂p."""
        dX, gradients = self.layer.backward(self.parameters, self.cache, dY)
        for name, gradient in gradients.items():
            self.parameters[name] = self.parameters[name] - eta * gradient
        return dX


class TextNetwork:
    """Layers one after the other: X from the previous one, Y for the next one."""

    def __init__(self, sizes: list[int]) -> None:
        self.layers: list[TextLayer] = []
        for seed, (q, p) in enumerate(pairwise(sizes)):
            self.layers += [TextLayer(cr.Dense(p), q, seed), TextLayer(cr.Sigmoid(), p, seed)]

    def forward(self, X: Array) -> Array:
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def learn(self, X: Array, T: Array, eta: float) -> None:
        """One update on the columns of X, with L = 1/m Σ ½ |Y − T|²."""
        dY = (self.forward(X) - T) / X.shape[1]
        for layer in reversed(self.layers):
            dY = layer.backward(dY, eta)


def images() -> tuple[Array, Array, Array, Array]:
    """Return the bundled 8x8 digits as columns X (64, m) in [0, 1], with their labels."""
    (x, y), (x_test, y_test) = cr.data.load("digits")
    return x.reshape(len(x), -1).T / 16, y, x_test.reshape(len(x_test), -1).T / 16, y_test


def classify(epochs: int, eta: float = 3.0, size: int = 10) -> tuple[TextNetwork, cr.Model, float]:
    """Train 64 → 30 → 10 on images, in the text's way and in the library's.

    Returns both, which started alike, and the text network's accuracy on the test images.
    """
    X, y, X_test, y_test = images()
    T = np.eye(10)[:, y]  # the right class as a column with a single 1
    network = TextNetwork([64, 30, 10])
    model = cr.Model(
        cr.Sequential(cr.Dense(30), cr.Sigmoid(), cr.Dense(10), cr.Sigmoid()),
        cr.SquaredError("half"),
        cr.SGD(eta),
        input_shape=(64,),
        dtype="float64",
    )
    for position in ("0", "2"):
        start = network.layers[int(position)].parameters
        model.set_parameters({f"{position}.{n}": p for n, p in start.items()}, notation="columns")
    for _ in range(epochs):
        for first in range(0, X.shape[1], size):
            network.learn(X[:, first : first + size], T[:, first : first + size], eta)
    model.fit(X.T, T.T, epochs, size, verbose=0, engine="numpy", shuffle=False)
    answers = network.forward(X_test).argmax(axis=0)
    return network, model, float((answers == y_test).mean())


def network_gap(network: TextNetwork, model: cr.Model) -> float:
    """Return the largest difference between the parameters of both networks."""
    return max(
        gap(network.layers[position].parameters[name], turned)
        for position in (0, 2)
        for name, turned in (
            ("W", model.parameters[f"{position}.W"].T),
            ("b", model.parameters[f"{position}.b"][:, None]),
        )
    )


# Slips ----------------------------------------------------------------------------------------


def slips() -> dict[str, Callable[[], Array]]:
    """Return the formulas whose shapes refuse, for p = 3 neurons with q = 5 inputs."""
    p, q = 3, 5
    W, X, dY = np.ones((p, q)), np.ones((q, 1)), np.ones((p, 1))
    return {
        "Y = W·X + B with B = (bᵢ), i ∈ [1, q]": lambda: W @ X + np.ones((q, 1)),
        "r = Σᵢ₌₀ⁿ aᵢ wᵢ: n + 1 weights for n inputs": lambda: np.ones(q + 1) @ np.ones(q),
        "∂L/∂X = ∂L/∂Y · ∂Y/∂X in columns": lambda: dY @ W,
        "∂L/∂X = ∂L/∂Y · σ′(X) as a matrix product": lambda: dY @ np.ones((p, 1)),
    }


def growing_bias(p: int = 3, m: int = 4) -> tuple[int, ...]:
    """Return the shape of B − η ∂L/∂Y for m columns: nothing refuses, and B is no column."""
    return (np.ones((p, 1)) - 0.1 * np.ones((p, m))).shape


def main(arguments: list[str] | None = None) -> None:
    """Go through the text from the neuron to the classified images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args(arguments).epochs
    rng = np.random.default_rng(0)

    print("One neuron, then two: a sum, and σ")
    A, w, b = rng.random((4, 1)), rng.normal(size=(4, 1)), np.array([[0.3]])
    whole = neuron(list(A[:, 0]), list(w[:, 0]), 0.3)
    r, s = split_neuron(A, w, b)
    print(f"  s in one go {whole:.6f}; r = {r[0, 0]:.6f}, then σ(r) = {s[0, 0]:.6f}")
    for name, ours, theirs in zip("rs", (r, s), library_neuron(A, w, b), strict=True):
        compare(f"{name}, against the library", ours, theirs)

    print("One neuron learns OR by p' = p − η ∂L/∂p (500 updates, η = 2)")
    text, library, answers = train_neuron(500, 2.0)
    for name in text:
        compare(name, text[name], library[name])
    print(f"  answers {answers.round(2)[0]}")

    print("A dense layer, q = 5 inputs, p = 3 neurons")
    W, X, B = rng.normal(size=(3, 5)), rng.random((5, 1)), rng.normal(size=(3, 1))
    entries, rows, matrix = three_forms(W, X, B)
    compare("Y by entries and by matrix", entries, matrix)
    compare("Y by rows and by matrix", rows, matrix)
    X, dY = rng.random((5, 4)), rng.normal(size=(3, 4))
    library = dense_in_library(W, B, X, dY)
    for name, ours in dense_by_hand(W, X, dY).items():
        compare(f"∂L/∂{name}, four columns", ours, library[name])

    print(f"A network 64 → 30 → 10 on images, {epochs} epochs")
    network, model, accuracy = classify(epochs)
    print(f"  layers that update themselves: {accuracy:.2%} of the test images right")
    print(
        f"  the library's Model from the same start: parameters differ by at most "
        f"{network_gap(network, model):.0e}"
    )

    print("Where the text's formula does not fit its shapes")
    for formula, attempt in slips().items():
        show_refusal(formula, attempt)
    print(f"  B' = B − η ∂L/∂Y for 4 columns\n    not refused: B becomes {growing_bias()}")


if __name__ == "__main__":
    main()
