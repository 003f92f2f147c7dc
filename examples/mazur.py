"""Matt Mazur's 2-2-2 network, step by step, to the published digits.

Two inputs, two hidden and two output neurons, all logistic; the biases are held fixed. The
weights are numbered as in his figure: w1..w4 into the hidden neurons, w5..w8 into the outputs.
"""

from __future__ import annotations

import numpy as np

import chainrule as cr

X = np.array([[0.05], [0.10]])  # i1, i2 as a column
TARGET = np.array([[0.01], [0.99]])  # o1, o2
START = {
    "0.W": np.array([[0.15, 0.20], [0.25, 0.30]]),  # w1 w2 / w3 w4: one row per hidden neuron
    "0.b": np.array([[0.35], [0.35]]),  # b1, the same for both
    "2.W": np.array([[0.40, 0.45], [0.50, 0.55]]),  # w5 w6 / w7 w8
    "2.b": np.array([[0.60], [0.60]]),  # b2
}
LEARNING_RATE = 0.5


def build() -> cr.Model:
    """Return the network at its starting point; only the two W learn."""
    model = cr.Model(
        cr.Sequential(cr.Dense(2), cr.Sigmoid(), cr.Dense(2), cr.Sigmoid()),
        cr.SquaredError("half", reduction="sum"),
        cr.SGD(LEARNING_RATE),
        input_shape=(2,),
        dtype="float64",
        trainable=["*.W"],
    )
    model.set_parameters(START, notation="columns")
    return model


def train(updates: int) -> tuple[cr.Model, float]:
    """Return the model and its total error after so many updates."""
    model = build()
    model.fit(X.T, TARGET.T, epochs=updates, batch_size=None, verbose=0, engine="numpy")
    return model, model.evaluate(X.T, TARGET.T)["loss"]


def sigma(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def total_error(W1: np.ndarray, W2: np.ndarray) -> float:
    """Return Σ ½ (target − output)²."""
    hidden = sigma(W1 @ X + START["0.b"])
    output = sigma(W2 @ hidden + START["2.b"])
    return float(((TARGET - output) ** 2).sum() / 2)


def by_hand(updates: int, *, update_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return (W1, W2) after so many updates written out by hand.

    `update_first` is the slip: the second layer's weights are moved before they carry the error
    back, so the first layer is corrected by the gradient of a network that did not make the error.
    """
    W1, W2 = START["0.W"], START["2.W"]
    for _ in range(updates):
        hidden = sigma(W1 @ X + START["0.b"])
        output = sigma(W2 @ hidden + START["2.b"])
        delta2 = (output - TARGET) * output * (1 - output)
        moved = W2 - LEARNING_RATE * delta2 @ hidden.T
        carrier = moved if update_first else W2
        delta1 = (carrier.T @ delta2) * hidden * (1 - hidden)
        W1, W2 = W1 - LEARNING_RATE * delta1 @ X.T, moved
    return W1, W2


def main(updates: int = 10_000) -> None:
    """Print the digits of the library, of the same step by hand, and of the step with the slip."""
    print("update       library        by hand        second layer moved first")
    for count in (0, 1, updates):
        model, error = train(count)
        right = total_error(*by_hand(count, update_first=False))
        slipped = total_error(*by_hand(count, update_first=True))
        print(f"{count:>6,}  {error:.10f}   {right:.10f}   {slipped:.10f}")
    model, _ = train(1)
    W1, _ = by_hand(1, update_first=True)
    print(f"after one update: w5 {model.parameters['2.W'].T[0, 0]:.8f}")
    print(f"                  w1 {model.parameters['0.W'].T[0, 0]:.9f}", end="")
    print(f"   (with the slip {W1[0, 0]:.9f})")
    model, _ = train(updates)
    print(f"outputs after {updates:,} updates: {model.outputs(X.T)[0].round(9)}")


if __name__ == "__main__":
    main()
