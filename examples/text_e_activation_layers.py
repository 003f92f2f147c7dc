"""Text E: dense and activation layers in turn, 784 → … → 10, and what happens without activations.

In the text's letters: X → Y in every layer, samples in columns, W is (outputs, inputs), E the
error, ∘ multiplies entry by entry. An activation is a layer with as many outputs as inputs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from showing import compare, show_refusal

Array = np.ndarray
ACTIVATIONS: dict[str, cr.Layer] = {"tanh": cr.Tanh(), "logistic": cr.Sigmoid()}


def data(name: str) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return (images, labels) for training and for testing: flat rows in [0, 1]."""
    (x, y), (x_test, y_test) = cr.data.load(name)
    top = float(x.max())
    return (x.reshape(len(x), -1) / top, y), (x_test.reshape(len(x_test), -1) / top, y_test)


def alternating(units: list[int], hidden: str, last: str) -> list[cr.Layer]:
    """Return dense and activation layers in turn."""
    names = [hidden] * (len(units) - 1) + [last]
    return [
        layer
        for n, name in zip(units, names, strict=True)
        for layer in (cr.Dense(n), ACTIVATIONS[name])
    ]


# Feed, forward, error, backpropagate, repeat ---------------------------------------------------


def initial(layers: list[cr.Layer], inputs: int) -> list[Any]:
    """Return the parameters of every layer in the text's orientation; none for an activation."""
    shape, found = (inputs,), []
    for seed, layer in enumerate(layers):
        found.append(cr.columns(layer).init(shape, seed, "float64"))
        shape = layer.output_shape(shape)
    return found


def feed_and_learn(
    layers: list[cr.Layer], params: list[Any], X: Array, T: Array, step_size: float
) -> tuple[list[Any], list[tuple[int, ...]], float]:
    """One round on one input vector X (n, 1) with target T; E = ½ Σ (y − t)².

    Returns the adjusted parameters, the shapes of dE/dY on the way back to the input, and E.
    """
    caches, Y = [], X
    for layer, p in zip(layers, params, strict=True):
        Y, cache = cr.columns(layer).forward(p, Y)
        caches.append(cache)
    E, dY = float(((Y - T) ** 2).sum() / 2), Y - T
    shapes, adjusted = [dY.shape], list(params)
    for i in reversed(range(len(layers))):
        dY, gradients = cr.columns(layers[i]).backward(params[i], caches[i], dY)
        adjusted[i] = {name: params[i][name] - step_size * g for name, g in gradients.items()}
        shapes.append(dY.shape)  # dE/dX here is dE/dY of the layer before
    return adjusted, shapes, E


def rounds(
    layers: list[cr.Layer], X: Array, T: Array, count: int, step_size: float
) -> tuple[list[Any], dict[str, Array], list[tuple[int, ...]]]:
    """Repeat for `count` inputs one by one: the text's way, and the library's from the same start.

    Returns the parameters of both and the shapes met on the way back.
    """
    params = initial(layers, X.shape[1])
    model = cr.Model(
        cr.Sequential(*layers),
        cr.SquaredError("half"),
        cr.SGD(step_size),
        input_shape=X.shape[1:],
        dtype="float64",
    )
    start = {f"{i}.{name}": p for i, tree in enumerate(params) for name, p in tree.items()}
    model.set_parameters(start, notation="columns")
    shapes: list[tuple[int, ...]] = []
    for x, t in zip(X[:count], T[:count], strict=True):
        params, shapes, _ = feed_and_learn(layers, params, x[:, None], t[:, None], step_size)
    model.fit(X[:count], T[:count], 1, 1, verbose=0, engine="numpy", shuffle=False)
    return params, dict(model.parameters), shapes


def train(
    name: str, units: list[int], hidden: str, last: str, epochs: int, step_size: float
) -> tuple[cr.Model, list[float]]:
    """Return a network trained on a data set, and its share of right answers on the test images."""
    (x, y), test = data(name)
    model = cr.Model(
        cr.Sequential(*alternating(units, hidden, last)),
        cr.SquaredError("half"),
        cr.SGD(step_size),
    )
    model.fit(x, y, epochs, 10, validation_data=test, verbose=0, engine="numpy")
    return model, model.history["validation_accuracy"]


def answer(model: cr.Model, x: Array) -> Array:
    """Return where the output vector is largest: the text's prediction."""
    return model.outputs(x).argmax(axis=1)


# Entry by entry ------------------------------------------------------------------------------


def entry_by_entry(W: Array, X: Array, dY: Array, i: int, j: int) -> tuple[Array, float]:
    """Return ∂y_k/∂w_ij for every k, and ∂E/∂w_ij = Σ_k ∂E/∂y_k · ∂y_k/∂w_ij.

    Only y_i depends on w_ij, so all but one of the terms are 0 and the sum is ∂E/∂y_i · x_j.
    """
    unit = np.zeros_like(W)
    unit[i, j] = 1.0
    dy_dw = unit @ X  # y is linear in W: its derivative along w_ij is y at the unit matrix
    return dy_dw[:, 0], float((dY * dy_dw).sum())


def activation_sum(name: str, X: Array, dY: Array) -> tuple[Array, Array]:
    """Return dE/dX as the sum Σ_k ∂E/∂y_k ∂y_k/∂x_i over a full Jacobian, and as dE/dY ∘ dY/dX."""
    Y = np.tanh(X) if name == "tanh" else 1 / (1 + np.exp(-X))
    dY_dX = 1 - Y**2 if name == "tanh" else Y * (1 - Y)
    jacobian = np.diag(dY_dX[:, 0])  # y_k depends on x_k alone
    return jacobian.T @ dY, dY * dY_dX


# Without activations --------------------------------------------------------------------------


def collapse(x: Array, hidden: int, outputs: int) -> tuple[Array, Array, Array]:
    """Return the outputs of two dense layers, of one with W1 W2 and b1 W2 + b2, and in columns.

    In the text's orientation the one layer has W = W2 W1 and B = W2 B1 + B2.
    """
    deep = cr.Sequential(cr.Dense(hidden), cr.Dense(outputs))
    params = deep.init(x.shape[1:], seed=1, dtype="float64")
    first, second = params["0"], params["1"]
    first["b"] = np.linspace(-1, 1, hidden)
    second["b"] = np.linspace(1, 2, outputs)
    one = {"W": first["W"] @ second["W"], "b": first["b"] @ second["W"] + second["b"]}
    two_layers, _ = deep.forward(params, x)
    one_layer, _ = cr.Dense(outputs).forward(one, x)
    W = second["W"].T @ first["W"].T
    B = second["W"].T @ first["b"][:, None] + second["b"][:, None]
    columns, _ = cr.columns(cr.Dense(outputs)).forward({"W": W, "b": B}, x.T)
    return two_layers, one_layer, columns.T


def regression(epochs: int, step_size: float) -> dict[str, float]:
    """Return E per image on the 8x8 digits: the best straight line, two dense layers, and tanh.

    The first is solved directly (least squares); no network without activation can be better.
    """
    (x, y), _ = data("digits")
    T = np.eye(10)[y]
    ones = np.column_stack([x, np.ones(len(x))])
    solution = np.linalg.lstsq(ones, T, rcond=None)[0]
    errors = {"least squares": float(((ones @ solution - T) ** 2).sum() / 2 / len(x))}
    for name, between in (("two dense layers", []), ("… with tanh in between", [cr.Tanh()])):
        model = cr.Model(
            cr.Sequential(cr.Dense(32), *between, cr.Dense(10)),
            cr.SquaredError("half"),
            cr.SGD(step_size),
            dtype="float64",
        )
        model.fit(x, T, epochs, 10, verbose=0, engine="numpy")
        errors[name] = model.evaluate(x, T)["loss"]
    return errors


# Slips ----------------------------------------------------------------------------------------


def slips(j: int = 3, i: int = 5) -> dict[str, Callable[[], Array]]:
    """Return the formulas whose shapes refuse, for i = 5 inputs and j = 3 outputs."""
    W, X, dY = np.ones((j, i)), np.ones((i, 1)), np.ones((j, 1))
    return {
        "dE/dX = dE/dY·Wᵀ": lambda: dY @ W.T,
        "Y = Wᵀ·X + B with the W of Y = W·X + B": lambda: W.T @ X,
        "dE/dX = dE/dY ∘ dY/dX, ∘ read as a matrix product": lambda: dY @ dY,
    }


def main(arguments: list[str] | None = None) -> None:
    """Go through the text from one input vector to MNIST, and back to linear regression."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist", help="mnist, fashion-mnist or digits")
    parser.add_argument("--layers", default="100,40,10")
    parser.add_argument("--epochs", type=int, default=5)
    wanted = parser.parse_args(arguments)
    units = [int(n) for n in wanted.layers.split(",")]
    (x, y), (x_test, y_test) = data(wanted.data)

    print("One input vector at a time: feed, forward, error, backpropagate, repeat")
    layers = alternating(units, "tanh", "logistic")
    params, library, shapes = rounds(layers, x, np.eye(10)[y], 20, 0.1)
    print("  dE/dY on the way back: " + " → ".join(f"{r}×{c}" for r, c in shapes))
    last = str(len(layers) - 2)
    compare("W of the first layer", params[0]["W"], library["0.W"].T)
    compare("W of the last layer", params[-2]["W"], library[f"{last}.W"].T)

    for hidden, last in (("tanh", "logistic"), ("logistic", "logistic")):
        step_size = 0.1 if hidden == "tanh" else 1.0
        model, right = train(wanted.data, units, hidden, last, wanted.epochs, step_size)
        sizes = " → ".join(map(str, [x.shape[1], *units]))
        print(f"{wanted.data}, {sizes}, {hidden} inside, {last} at the end, step size {step_size}")
        for epoch, (E, share) in enumerate(zip(model.history["loss"], right, strict=True), 1):
            print(f"  epoch {epoch:>2}: error {E:.4f}, test images right {share:.2%}")
        print(f"  first ten: argmax {answer(model, x_test[:10])}, truth {y_test[:10]}")

    print("dE/dW entry by entry, 5 inputs, 3 outputs")
    rng = np.random.default_rng(0)
    W, X, dY = rng.normal(size=(3, 5)), rng.normal(size=(5, 1)), rng.normal(size=(3, 1))
    terms, sum_11 = entry_by_entry(W, X, dY, 0, 0)
    print(f"  ∂y_k/∂w11 = {terms.round(4)}, the first is x1 = {X[0, 0]:.4f}")
    print(f"  ∂E/∂w11 = {sum_11:.6f}, ∂E/∂y1 · x1 = {dY[0, 0] * X[0, 0]:.6f}")
    entries = np.array([[entry_by_entry(W, X, dY, r, c)[1] for c in range(5)] for r in range(3)])
    layer = cr.columns(cr.Dense(3))
    dense = {"W": W, "b": np.zeros((3, 1))}
    dX, gradients = layer.backward(dense, layer.forward(dense, X)[1], dY)
    compare("dE/dY Xᵀ, column × row", dY @ X.T, entries)
    compare("dE/dW in the library", gradients["W"], entries)
    compare("dE/dX = Wᵀ dE/dY", W.T @ dY, dX)
    for name in ACTIVATIONS:
        summed, circled = activation_sum(name, X, rng.normal(size=(5, 1)))
        compare(f"{name}: sum, and ∘", summed, circled)

    print("Without activations")
    two, one, columns = collapse(x_test[:100], 30, 10)
    compare("two dense layers, and one", two, one)
    compare("… in columns", two, columns)
    for name, error in regression(60, 0.05).items():
        print(f"  {name:<24} E = {error:.4f} per image (8x8 digits, training images)")

    print("Where the text's formula does not fit its shapes")
    for formula, attempt in slips().items():
        show_refusal(formula, attempt)


if __name__ == "__main__":
    main()
