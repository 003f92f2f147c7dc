"""Text C: a network without hidden layer is logistic regression; then one with two layers.

In the text's letters: each image is a column of X (p, m), ω is w (p, 1), ŷ = a = σ(ωᵀx + b), ℒ the
loss of one image, J the cost of all m, dw short for dJ/dω. Layers are counted without the input and
carry their number in brackets: W1 is W[1], of shape (units, inputs).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

import chainrule as cr
from showing import compare, show_refusal

Array = np.ndarray


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def images(digit: int) -> tuple[Array, Array, Array, Array]:
    """Return X (64, m) and Y (1, m), 1 where the image shows `digit`: training, then test."""
    (x, y), (x_test, y_test) = cr.data.load("digits")

    def columns(pixels: Array) -> Array:
        return pixels.reshape(len(pixels), -1).T / 16

    def flags(labels: Array) -> Array:
        return (labels == digit).astype(float)[None, :]

    return columns(x), flags(y), columns(x_test), flags(y_test)


# One layer ------------------------------------------------------------------------------------


def propagate(w: Array, b: float, X: Array, Y: Array) -> tuple[dict[str, Array], float]:
    """Return grads {"dw", "db"} and the cost J, on all the columns of X.

    dw = 1/m · X·(A − Y)ᵀ,    db = 1/m · Σ (A − Y)
    """
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y) / m}, float(cost)


def optimize(
    X: Array, Y: Array, num_iterations: int, learning_rate: float
) -> tuple[Array, float, list[float]]:
    """Return w, b and the costs of a full-batch loop that starts from zeros."""
    w, b, costs = np.zeros((len(X), 1)), 0.0, []
    for _ in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w, b = w - learning_rate * grads["dw"], b - learning_rate * float(grads["db"])
        costs.append(cost)
    return w, b, costs


def predict(w: Array, b: float, X: Array) -> Array:
    """Return 1 where P(y | x) ≥ ½, else 0."""
    return (sigmoid(w.T @ X + b) >= 0.5).astype(int)


def build(inputs: int, hidden: int = 0, learning_rate: float = 1.0) -> cr.Model:
    """Return the same network in the library; without hidden units it starts from zeros."""
    layers = [cr.Dense(hidden), cr.Sigmoid()] if hidden else []
    last = cr.Dense(1) if hidden else cr.Dense(1, cr.Zeros())
    return cr.Model(
        cr.Sequential(*layers, last, cr.Sigmoid()),
        cr.BinaryCrossEntropy(),
        cr.SGD(learning_rate),
        input_shape=(inputs,),
        dtype="float64",
    )


def library_optimize(X: Array, Y: Array, num_iterations: int, learning_rate: float) -> cr.Model:
    """Return the library's model after the same loop; its history["loss"] holds the costs."""
    model = build(len(X), learning_rate=learning_rate)
    model.fit(X.T, Y.T, num_iterations, None, verbose=0, engine="numpy", shuffle=False)
    return model


def arrows(w: Array, b: float, x: Array, y: float) -> dict[str, Array]:
    """Return every station of x, ω, b → z → a → ℒ, and of the way back, for one image x (p, 1)."""
    z = w.T @ x + b
    a = sigmoid(z)
    da = (a - y) / (a * (1 - a))
    dz = da * a * (1 - a)
    loss = -(y * np.log(a) + (1 - y) * np.log(1 - a))
    return {"z": z, "a": a, "ℒ": loss, "dℒ/da": da, "dℒ/dz": dz, "dω": x @ dz, "db": dz}


def library_arrows(w: Array, b: float, x: Array, y: float) -> dict[str, Array]:
    """Return the same stations from the library's layers and loss, one derivative at a time."""
    dense, sigma = cr.Dense(1), cr.Sigmoid()
    params = {"W": w, "b": np.array([b])}
    z, seen = dense.forward(params, x.T)
    a, kept = sigma.forward({}, z)
    value, da = cr.BinaryCrossEntropy()(a, np.array([[y]]))
    dz, _ = sigma.backward({}, kept, da)
    gradients = dense.parameter_gradients(params, seen, dz)
    loss = np.array([[value]])
    back = {"dℒ/da": da, "dℒ/dz": dz, "dω": gradients["W"], "db": gradients["b"][:, None]}
    return {"z": z, "a": a, "ℒ": loss, **back}


# Two layers -----------------------------------------------------------------------------------


def two_layers(parameters: dict[str, Array], X: Array, Y: Array) -> dict[str, Array]:
    """Return dW[2], db[2], dW[1] and db[1] on all columns of X, with the cost's 1/m.

    dz[2] = a[2] − y,    dz[1] = W[2]ᵀ dz[2] * (1 − a[1]) a[1],    * entry by entry
    """
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    m = X.shape[1]
    a1 = sigmoid(W1 @ X + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    dz2 = a2 - Y
    dz1 = (W2.T @ dz2) * ((1 - a1) * a1)
    return {
        "dW2": dz2 @ a1.T / m,
        "db2": dz2.sum(axis=1, keepdims=True) / m,
        "dW1": dz1 @ X.T / m,
        "db1": dz1.sum(axis=1, keepdims=True) / m,
    }


def random_two_layers(p: int, hidden: int, seed: int = 0) -> dict[str, Array]:
    """Return W[1] (hidden, p), b[1] (hidden, 1), W[2] (1, hidden), b[2] (1, 1)."""
    rng = np.random.default_rng(seed)
    shapes = {"W1": (hidden, p), "b1": (hidden, 1), "W2": (1, hidden), "b2": (1, 1)}
    return {name: 0.3 * rng.normal(size=shape) for name, shape in shapes.items()}


def library_two_layers(parameters: dict[str, Array], X: Array, Y: Array) -> dict[str, Array]:
    """Return the library's gradients at the text's parameters, in the text's orientation."""
    model = build(len(X), hidden=len(parameters["W1"]))
    model.set_parameters(
        {f"{2 * (int(name[1]) - 1)}.{name[0]}": value for name, value in parameters.items()},
        notation="columns",
    )
    found = model.gradients(X.T, Y.T)
    return {
        "dW2": found["2.W"].T,
        "db2": found["2.b"][:, None],
        "dW1": found["0.W"].T,
        "db1": found["0.b"][:, None],
    }


# Slips ----------------------------------------------------------------------------------------


def loss(y: float, y_hat: float) -> float:
    """Return ℒ(y, ŷ) of one image."""
    return float(-(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)))


def slips(p: int = 6, hidden: int = 4) -> dict[str, Callable[[], Array]]:
    """Return the formulas whose shapes refuse, for p pixels and some hidden units."""
    dz2, W2, a1, x = np.ones((1, 1)), np.ones((1, hidden)), np.ones((hidden, 1)), np.ones((p, 1))
    return {
        "dW[1] = (a[2] − y) W[2] * ((1 − a[1]) a[1]) x": lambda: dz2 @ W2 * a1 @ x,
        "… with xᵀ, as dW[2] has a[1]ᵀ": lambda: dz2 @ W2 * a1 @ x.T,
        "dω = (a − y) x, for m = 3 images at once": lambda: np.ones((1, 3)) @ np.ones((p, 3)),
    }


def silent_db1(hidden: int = 4) -> tuple[int, ...]:
    """Return the shape of db[1] = (a[2] − y) W[2] * ((1 − a[1]) a[1]), where nothing refuses."""
    return (np.ones((1, 1)) @ np.ones((1, hidden)) * np.ones((hidden, 1))).shape


def broken_cost_line() -> str:
    """Return Python's complaint about the text's cost line, one parenthesis short."""
    try:
        compile("cost = (-1/m) * np.sum(Y*np.log(A) + (1-Y)*(np.log(1-A))", "text", "exec")
    except SyntaxError as error:
        return str(error.msg)
    raise AssertionError("it compiles")


def certain_cost() -> tuple[float, float]:
    """Return J by the text's formula and by the library where a is exactly 1 and right."""
    A = Y = np.ones((1, 1))
    with np.errstate(all="ignore"):
        text = float(-np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)))
    return text, float(cr.BinaryCrossEntropy()(A, Y)[0])


def main(arguments: list[str] | None = None) -> None:
    """Go through the text from the single image to two layers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digit", type=int, default=3, help="this one against the other nine")
    parser.add_argument("--iterations", type=int, default=1000)
    wanted = parser.parse_args(arguments)
    X, Y, X_test, Y_test = images(wanted.digit)
    rate = 1.0

    print(f"X {X.shape}, Y {Y.shape}: is it a {wanted.digit}?")
    w, b, costs = optimize(X, Y, wanted.iterations, rate)
    model = library_optimize(X, Y, wanted.iterations, rate)
    for i in sorted({0, wanted.iterations // 100, wanted.iterations // 10, wanted.iterations - 1}):
        print(f"  iteration {i:>5,}: cost {costs[i]:.6f}")
    compare("w", w, model.parameters["0.W"])
    compare("b", [b], model.parameters["0.b"])
    compare("costs", costs, model.history["loss"])
    answers = predict(w, b, X_test)
    right, never = float((answers == Y_test).mean()), float((Y_test == 0).mean())
    print(f"  threshold ½: {right:.2%} of {Y_test.size} test images right; ", end="")
    print(f'"never a {wanted.digit}" would be right for {never:.2%}')

    print("The arrow line, for the first test image, with the weights of iteration 10")
    w, b, _ = optimize(X, Y, 10, rate)
    here = arrows(w, b, X_test[:, :1], float(Y_test[0, 0]))
    there = library_arrows(w, b, X_test[:, :1], float(Y_test[0, 0]))
    print(f"  x, ω, b → z = {here['z'][0, 0]:.4f} → a = {here['a'][0, 0]:.4f} ", end="")
    print(f"→ ℒ = {here['ℒ'][0, 0]:.4f}   (y = {Y_test[0, 0]:.0f})")
    print(f"  |dω| = {np.linalg.norm(here['dω']):.4f}, db = {here['db'][0, 0]:.4f} ", end="")
    print(f"← dℒ/dz = {here['dℒ/dz'][0, 0]:.4f} ← dℒ/da = {here['dℒ/da'][0, 0]:.4f} ← ℒ")
    for name in here:
        compare(name, here[name], there[name])

    print("Two layers, 20 hidden units, all images")
    parameters = random_two_layers(len(X), 20)
    theirs = library_two_layers(parameters, X, Y)
    for name, ours in two_layers(parameters, X, Y).items():
        compare(f"{name[:2]}[{name[2]}]", ours, theirs[name])

    print("Where the text's formula does not fit")
    for formula, attempt in slips().items():
        show_refusal(formula, attempt)
    print("  db[1] = (a[2] − y) W[2] * ((1 − a[1]) a[1]), 4 hidden units")
    print(f"    not refused: it becomes {silent_db1()}, and b[1] is (4, 1)")
    print(f"  ℒ for y = 1: ŷ = 0.9 gives {loss(1, 0.9):.3f}, ŷ = 0.1 gives {loss(1, 0.1):.3f}")
    print(f"  the cost line as printed: {broken_cost_line()}")
    text, library = certain_cost()
    print(f"  J where a = y = 1 exactly: {text} by the formula, {library:.1e} in the library")


if __name__ == "__main__":
    main()
