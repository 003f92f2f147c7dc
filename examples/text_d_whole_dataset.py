"""Text D: N layers on a whole data set as one matrix, A⁰ = X with its m entries in rows.

In the text's letters: Zⁱ = Aⁱ⁻¹·Wⁱ + Bⁱ, Aⁱ = fᵢ(Zⁱ), Wⁱ is (lᵢ₋₁, lᵢ), Bⁱ is written (m, lᵢ), ΔZⁱ
is ∂L/∂Zⁱ and ⊙ multiplies entry by entry. Lists are numbered like the layers, with the input at 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import numpy as np

import chainrule as cr
from showing import compare, gap, show_refusal
from text_d_loss_curve import along_one_parameter, draw

Array = np.ndarray
HIDDEN = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), cr.Sigmoid()),
    "ReLU": (lambda z: np.where(z > 0, z, 0.0), cr.ReLU()),
}
RATES = {"sigmoid": 5e-3, "ReLU": 1e-3}  # for L summed over some 900 rows; ReLU bears no more
LOSSES = {
    "½ Σ (Y − Ŷ)²": cr.SquaredError("half", reduction="sum"),
    "−Σ Y ln Ŷ": cr.CrossEntropy(reduction="sum"),
}


def data() -> tuple[Array, Array, Array, Array]:
    """Return X, Y of the training half and of the testing half; Y one-hot, kept apart from X."""
    (x, y), (x_test, y_test) = cr.data.load("digits")
    X = np.concatenate([x, x_test]).reshape(-1, 64) / 16
    Y = np.eye(10)[np.concatenate([y, y_test])]
    return X[0::2], Y[0::2], X[1::2], Y[1::2]


def build(hidden: str, loss: str, units: tuple[int, ...], learning_rate: float) -> cr.Model:
    """Return the library's network: uniform W, `hidden` in between, softmax at the end."""
    layers: list[cr.Layer] = []
    for n in units[:-1]:
        layers += [cr.Dense(n, cr.Uniform(-0.3, 0.3)), HIDDEN[hidden][1]]
    layers += [cr.Dense(units[-1], cr.Uniform(-0.3, 0.3)), cr.Softmax()]
    optimizer = cr.SGD(learning_rate)
    return cr.Model(
        cr.Sequential(*layers), LOSSES[loss], optimizer, input_shape=(64,), dtype="float64"
    )


def parameters(model: cr.Model, m: int) -> tuple[list[Array], list[Array]]:
    """Return W¹…Wᴺ and B¹…Bᴺ (at position 0: the empty array), each B as an m × l matrix."""
    p = model.parameters
    W, B = [np.empty(0)], [np.empty(0)]
    for i in range(0, len(p), 2):
        W.append(p[f"{i}.W"])
        B.append(np.ones((m, 1)) @ p[f"{i}.b"][None, :])  # m equal rows
    return W, B


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def feed_forward(
    X: Array, W: list[Array], B: list[Array], hidden: str
) -> tuple[list[Array], list[Array]]:
    """Return Z and A layer by layer, A⁰ = X and Aᴺ = Ŷ."""
    N, f = len(W) - 1, HIDDEN[hidden][0]
    Z, A = [np.empty(0)], [X]
    for i in range(1, N + 1):
        Z.append(A[i - 1] @ W[i] + B[i])
        A.append(softmax(Z[i]) if i == N else f(Z[i]))
    return Z, A


def slope(hidden: str, z: Array) -> Array:
    """Return f′(Z): σ(1 − σ), or 1 for z > 0 and 0 otherwise, at 0 too."""
    if hidden == "ReLU":
        return (z > 0).astype(float)
    a = HIDDEN["sigmoid"][0](z)
    return a * (1 - a)


def loss_value(loss: str, Y: Array, Y_hat: Array) -> float:
    """Return L, a sum over the m rows (and over the outputs in each)."""
    if loss == "−Σ Y ln Ŷ":
        return float(-(Y * np.log(Y_hat)).sum())
    return float(((Y - Y_hat) ** 2).sum() / 2)


def loss_slope(loss: str, Y: Array, Y_hat: Array) -> Array:
    """Return ∂L/∂Aᴺ."""
    return -Y / Y_hat if loss == "−Σ Y ln Ŷ" else Y_hat - Y


def softmax_jacobian(a: Array) -> Array:
    """Return ∂a/∂z of one row: a_k ([k = j] − a_j), a matrix and not a vector."""
    return np.diag(a) - np.outer(a, a)


def recursion(
    loss: str, hidden: str, Y: Array, W: list[Array], Z: list[Array], A: list[Array]
) -> list[Array]:
    """Return ΔZ¹…ΔZᴺ: at the top ∂L/∂Aᴺ through softmax, below ΔZⁱ⁺¹·[Wⁱ⁺¹]ᵀ ⊙ f′(Zⁱ)."""
    N = len(W) - 1
    dA = loss_slope(loss, Y, A[N])
    top = np.stack([row @ softmax_jacobian(a) for row, a in zip(dA, A[N], strict=True)])
    delta = [np.empty(0)] * N + [top]
    for i in range(N - 1, 0, -1):
        delta[i] = delta[i + 1] @ W[i + 1].T * slope(hidden, Z[i])
    return delta


def factors(
    row: int, i: int, loss: str, hidden: str, Y: Array, W: list[Array], Z: list[Array], A: list
) -> list[Array]:
    """Return the matrices whose product is ΔZⁱ of one row, from layer N down to layer i."""
    N = len(W) - 1
    chain = [loss_slope(loss, Y[row], A[N][row])[None, :], softmax_jacobian(A[N][row])]
    for j in range(N - 1, i - 1, -1):
        chain += [W[j + 1].T, np.diag(slope(hidden, Z[j][row]))]
    return chain


def full_product(
    i: int, loss: str, hidden: str, Y: Array, W: list[Array], Z: list[Array], A: list[Array]
) -> Array:
    """Return ΔZⁱ as one product per row, with nothing carried over from layer to layer."""
    rows = (factors(r, i, loss, hidden, Y, W, Z, A) for r in range(len(Y)))
    return np.concatenate([reduce(np.matmul, chain) for chain in rows])


def gradients(delta: list[Array], A: list[Array]) -> dict[str, Array]:
    """Return ∂L/∂Wⁱ = [Aⁱ⁻¹]ᵀ·ΔZⁱ, and ∂L/∂b, the rows of ∂L/∂Bⁱ = ΔZⁱ added up.

    Every row of B is the same b, so each of the m rows of ΔZ has its say in the one b.
    """
    found = {}
    for i in range(1, len(delta)):
        found[f"{2 * (i - 1)}.W"] = A[i - 1].T @ delta[i]
        found[f"{2 * (i - 1)}.b"] = delta[i].sum(axis=0)
    return found


def dimensions(X: Array, W: list[Array]) -> list[tuple[str, str, str]]:
    """Return the table of dimensions: what, in letters, in numbers."""
    m, n = X.shape
    table = [("X = A⁰", "m × n", f"{m} × {n}")]
    for i, w in enumerate(W[1:], 1):
        below, here = ("n" if i == 1 else f"l{i - 1}"), f"l{i}"
        inputs, units = w.shape
        table += [
            (f"W{i}", f"{below} × {here}", f"{inputs} × {units}"),
            (
                f"A{i - 1}·W{i}",
                f"(m × {below})({below} × {here}) → m × {here}",
                f"({m} × {inputs})({inputs} × {units}) → {m} × {units}",
            ),
            (f"B{i}, Z{i}, A{i}", f"m × {here}", f"{m} × {units}"),
            (f"b{i} in the library", f"{here}", f"{units}"),
        ]
    return table


def train(
    hidden: str, loss: str, units: tuple[int, ...], epochs: int, rate: float
) -> tuple[cr.Model, float]:
    """Train on all m rows at once; return the model and the share of the testing half it gets."""
    X, Y, X_test, Y_test = data()
    model = build(hidden, loss, units, rate)
    model.fit(X, Y, epochs, None, verbose=0, engine="numpy")
    Y_hat = model.predict_proba(X_test) if loss == "−Σ Y ln Ŷ" else model.outputs(X_test)
    return model, float((Y_hat.argmax(axis=1) == Y_test.argmax(axis=1)).mean())


# Slips ----------------------------------------------------------------------------------------


def slips(m: int = 6, below: int = 4, here: int = 3, above: int = 2) -> dict[str, Callable]:
    """Return the formulas whose shapes refuse, for m rows and layers of 4, 3 and 2 nodes."""
    A_below, dZ, dZ_above = np.ones((m, below)), np.ones((m, here)), np.ones((m, above))
    W_above, B = np.ones((here, above)), np.ones((m, here))
    return {
        "∂L/∂Wⁱ = ∂L/∂Zⁱ·[Aⁱ⁻¹]ᵀ": lambda: dZ @ A_below.T,
        "∂L/∂Zⁱ⁺¹·[Wⁱ⁺¹] ⊙ f′(Zⁱ), W not turned": lambda: dZ_above @ W_above * dZ,
        "(∂L/∂Aᴺ f′(Zᴺ))·([Wᴺ]ᵀ·f′(Zᴺ⁻¹)), as bracketed": lambda: dZ_above @ (W_above.T @ dZ),
        "inputs·weights + bias with bias ∈ ℝᵐˣˡ, m columns": lambda: (
            np.ones((8, m)) @ np.ones((m, here)) + B
        ),
        "B of the training half used on a testing half of 5": lambda: np.ones((5, here)) + B,
    }


def silent_dW(m: int = 6, nodes: int = 4) -> tuple[int, ...]:
    """Return the shape of ∂L/∂Z·[A]ᵀ where both layers have as many nodes: nothing refuses."""
    return (np.ones((m, nodes)) @ np.ones((m, nodes)).T).shape


def diagonal_softmax(row: Array) -> tuple[float, float]:
    """Return the error of two derivatives of softmax against finite differences.

    First the text's, entry by entry (ΔZ = ∂L/∂A ⊙ g′(Z)), then the whole Jacobian.
    """
    dA, h = np.arange(row.size, dtype=float), 1e-6
    a = softmax(row[None, :])[0]
    moved = [
        (softmax(row[None, :] + h * e) - softmax(row[None, :] - h * e))[0] @ dA / (2 * h)
        for e in np.eye(row.size)
    ]
    return gap(dA * a * (1 - a), moved), gap(dA @ softmax_jacobian(a), moved)


def diverging_bias(steps: int, rate: float) -> float:
    """Return how far the rows of B¹ are apart when B = B − rate · ∂L/∂Z is taken at its word."""
    X, Y, _, _ = data()
    W, B = parameters(build("sigmoid", "−Σ Y ln Ŷ", (16, 10), rate), len(X))
    for _ in range(steps):
        Z, A = feed_forward(X, W, B, "sigmoid")
        delta = recursion("−Σ Y ln Ŷ", "sigmoid", Y, W, Z, A)
        for i in range(1, len(W)):
            W[i], B[i] = W[i] - rate * A[i - 1].T @ delta[i], B[i] - rate * delta[i]
    return float(np.ptp(B[1], axis=0).max())


def main(arguments: list[str] | None = None) -> None:
    """Go through the text from the table of dimensions to the loss along one parameter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--picture", type=Path, help="save the last figure here (a PNG)")
    wanted = parser.parse_args(arguments)
    X, Y, X_test, _ = data()
    units = (24, 16, 10)
    print(f"{len(X)} entries for training, {len(X_test)} for testing; N = {len(units)} layers")
    W, B = parameters(build("sigmoid", "−Σ Y ln Ŷ", units, 1e-3), len(X))
    for what, letters, numbers in dimensions(X, W):
        print(f"  {what:<18} {letters:<26} {numbers}")

    for hidden in HIDDEN:
        for loss in LOSSES:
            model = build(hidden, loss, units, 1e-3)
            W, B = parameters(model, len(X))
            Z, A = feed_forward(X, W, B, hidden)
            print(f"{hidden} inside, softmax at the end, L = {loss} = ", end="")
            print(f"{loss_value(loss, Y, A[-1]):.6f} (library {model.evaluate(X, Y)['loss']:.6f})")
            delta = recursion(loss, hidden, Y, W, Z, A)
            library = model.gradients(X, Y)
            for i in range(1, len(W)):
                whole = full_product(i, loss, hidden, Y, W, Z, A)
                compare(f"ΔZ{i}: product, recursion", whole, delta[i])
            for name, ours in gradients(delta, A).items():
                compare(f"∂L/∂{name}, and the library", ours, library[name])
    shapes = [f.shape for f in factors(0, 1, "−Σ Y ln Ŷ", "ReLU", Y, W, Z, A)]
    print(f"  the product for one row: {' '.join(f'({r}×{c})' for r, c in shapes)}")

    print(f"Training on the one half, {wanted.epochs} epochs of all rows at once")
    for hidden in HIDDEN:
        for loss in LOSSES:
            model, share = train(hidden, loss, units, wanted.epochs, RATES[hidden])
            first, last = model.history["loss"][0], model.history["loss"][-1]
            print(
                f"  {hidden:<8} η = {RATES[hidden]:g}  {loss:<13} L {first:7.1f} → {last:5.1f}",
                end="",
            )
            print(f"   testing half {share:.2%} right")

    print("The loss along one weight of W2, and the descent on it")
    model = build("sigmoid", "−Σ Y ln Ŷ", (16, 10), 1e-3)
    curve = along_one_parameter(model, X, Y, "2.W", (3, 7), 12, 0.04)
    print("    w          L")
    for w, height in zip(*curve[2:], strict=True):
        print(f"  {w:8.3f}  {height:9.3f}")
    if wanted.picture:
        drawn = draw(wanted.picture, curve)
        print(f"  drawn in {wanted.picture}" if drawn else "  no picture: matplotlib is missing")

    print("Where the text's formula does not fit its shapes")
    for formula, attempt in slips().items():
        show_refusal(formula, attempt)
    print("  ∂L/∂Z·[A]ᵀ between two layers of 4 nodes, 6 rows")
    print(f"    not refused: it is {silent_dW()}, and W is (4, 4)")
    apart = diverging_bias(20, 1e-3)
    print(f"  B = B − η ∂L/∂Z: after 20 steps the rows of B1 are {apart:.4f} apart")
    text, jacobian = diagonal_softmax(np.array([0.5, -1.0, 2.0, 0.1]))
    print(f"  softmax by g′ entry by entry: off by {text:.2f}; by its Jacobian: {jacobian:.0e}")


if __name__ == "__main__":
    main()
