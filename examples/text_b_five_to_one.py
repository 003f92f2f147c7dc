"""Text B: 5 → 1, then 5 → 3 → 1 from random weights and biases: forward, costs, gradients, descent.

In the text's letters: zˡ = wˡ aˡ⁻¹ + bˡ, aˡ = σ(zˡ), C the cost, samples in columns. The text is
of two minds about w: forward it writes y = WᵀX + b, so W is (inputs, outputs); backward it writes
w_jk, the weight from k to j, so w is (outputs, inputs). Here W is the first, and w = Wᵀ.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np

import chainrule as cr
from showing import compare, show_refusal

Array = np.ndarray
Gradients = dict[str, Array]


def sigma(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


class Cost(NamedTuple):
    """A cost of outputs a for targets y, its derivative ∂C/∂a, and the library's name for it."""

    value: Callable[[Array, Array], float]
    derivative: Callable[[Array, Array], Array]
    loss: cr.Loss


COSTS = {
    "Σ (aᴸ − y)²": Cost(
        lambda a, y: float(((a - y) ** 2).sum()),
        lambda a, y: 2 * (a - y),
        cr.SquaredError("sum", reduction="sum"),
    ),
    "½ (a − y)²": Cost(
        lambda a, y: float(((a - y) ** 2).sum() / 2),
        lambda a, y: a - y,
        cr.SquaredError("half", reduction="sum"),
    ),
    "Σ (yᵗ − y)² / N": Cost(
        lambda a, y: float(((y - a) ** 2).sum() / y.shape[1]),
        lambda a, y: 2 * (a - y) / y.shape[1],
        cr.SquaredError("sum", reduction="mean"),
    ),
}


def flags() -> tuple[Array, Array]:
    """Return all 32 columns of five flags, X (5, 32), and y = 1 where two or three are on.

    No single neuron can answer this one: too few and too many are both wrong.
    """
    X = np.array(list(product([0.0, 1.0], repeat=5))).T
    on = X.sum(axis=0, keepdims=True)
    return X, ((on == 2) | (on == 3)).astype(float)


def build(*units: int, cost: str, eta: float = 1.0, seed: int = 0) -> cr.Model:
    """Return 5 → units with σ after each layer, weights and biases drawn from N(0, 1)."""
    layers: list[cr.Layer] = []
    for n in units:
        layers += [cr.Dense(n, cr.Normal(1.0), cr.Normal(1.0)), cr.Sigmoid()]
    return cr.Model(
        cr.Sequential(*layers), COSTS[cost].loss, cr.SGD(eta), seed, (5,), dtype="float64"
    )


def weights(model: cr.Model) -> list[tuple[Array, Array]]:
    """Return (W, b) layer by layer as the text's forward pass has them: (in, out) and (out, 1)."""
    p = model.parameters
    return [(p[f"{i}.W"], p[f"{i}.b"][:, None]) for i in range(0, len(p), 2)]


def linear(W: Array, X: Array, b: Array) -> Array:
    """Return y = WᵀX + b, the 5 → 1 network of the first task."""
    return W.T @ X + b


def forward(layers: list[tuple[Array, Array]], X: Array) -> tuple[list[Array], list[Array]]:
    """Return all z and all a, with a[0] = X and z[0] a placeholder, so that both go by layer."""
    z, a = [X], [X]
    for W, b in layers:
        z.append(W.T @ a[-1] + b)
        a.append(sigma(z[-1]))
    return z, a


def by_products(layers: list[tuple[Array, Array]], X: Array, dC_da: Array) -> Gradients:
    """Every gradient as the product ∂C/∂a · ∂a/∂z · ∂z/∂w, with each factor a true Jacobian.

    For one sample: ∂C/∂a is a row (1, N), ∂a/∂z a diagonal (N, N), ∂z/∂w (N, N·K), ∂z/∂b the unit
    matrix and ∂z/∂a = w. Samples add up. Names as in the library; w and b as backprop has them.
    """
    z, a = forward(layers, X)
    total: Gradients = {"X": np.zeros_like(X)}
    for n in range(X.shape[1]):
        row = dC_da[:, n][None, :]
        for level in range(len(layers), 0, -1):
            w = layers[level - 1][0].T
            N, K = w.shape
            da_dz = np.diag(sigma(z[level][:, n]) * (1 - sigma(z[level][:, n])))
            dz_dw = np.kron(np.eye(N), a[level - 1][:, n][None, :])
            name = str(2 * (level - 1))
            for key, last, shape in (("w", dz_dw, (N, K)), ("b", np.eye(N), (N, 1))):
                part = (row @ da_dz @ last).reshape(shape)
                total[f"{name}.{key}"] = total.get(f"{name}.{key}", 0) + part
            row = row @ da_dz @ w  # ∂C/∂aˡ⁻¹: the next layer's first factor
        total["X"][:, n] = row[0]
    return total


def by_index_sums(layers: list[tuple[Array, Array]], X: Array, dC_da: Array) -> Gradients:
    """Every gradient entry by entry.

    ∂C/∂w_jk = ∂C/∂aⱼ · ∂aⱼ/∂zⱼ · a_k,    ∂C/∂bⱼ = ∂C/∂aⱼ · ∂aⱼ/∂zⱼ · 1,
    ∂C/∂a_k = Σⱼ ∂C/∂aⱼ · ∂aⱼ/∂zⱼ · w_jk
    """
    _, a = forward(layers, X)
    total: Gradients = {"X": np.zeros_like(X)}
    for level, (W, b) in enumerate(layers):
        total[f"{2 * level}.w"], total[f"{2 * level}.b"] = np.zeros(W.T.shape), np.zeros_like(b)
    for n in range(X.shape[1]):
        dC = list(dC_da[:, n])
        for level in range(len(layers), 0, -1):
            w, name = layers[level - 1][0].T, str(2 * (level - 1))
            N, K = w.shape
            slope = [a[level][j, n] * (1 - a[level][j, n]) for j in range(N)]
            for j in range(N):
                total[f"{name}.b"][j, 0] += dC[j] * slope[j]
                for k in range(K):
                    total[f"{name}.w"][j, k] += dC[j] * slope[j] * a[level - 1][k, n]
            dC = [sum(dC[j] * slope[j] * w[j, k] for j in range(N)) for k in range(K)]
        total["X"][:, n] = dC
    return total


def by_library(model: cr.Model, X: Array, y: Array) -> Gradients:
    """Return the library's gradients, turned into the orientation of w_jk."""
    found = model.gradients(X.T, y.T)
    return {name.replace("W", "w"): g.T if g.ndim == 2 else g[:, None] for name, g in found.items()}


def descend(
    layers: list[tuple[Array, Array]], X: Array, y: Array, cost: str, eta: float, updates: int
) -> tuple[list[tuple[Array, Array]], list[float]]:
    """Return the weights after w = w − η ∂C/∂w, b = b − η ∂C/∂b, and the costs on the way."""
    costs = []
    for _ in range(updates):
        _, a = forward(layers, X)
        costs.append(COSTS[cost].value(a[-1], y))
        dC_da = COSTS[cost].derivative(a[-1], y)
        moved = []
        for (W, b), below, here in zip(layers[::-1], a[-2::-1], a[:0:-1], strict=True):
            dC_dz = dC_da * here * (1 - here)
            dC_da = W @ dC_dz
            dW = (dC_dz @ below.T).T  # ∂C/∂w_jk, turned to the W of the forward pass
            moved.append((W - eta * dW, b - eta * dC_dz.sum(axis=1, keepdims=True)))
        layers = moved[::-1]
    return layers, costs


def twins(updates: int, eta: float) -> tuple[Array, float]:
    """Train from a start in which the three hidden neurons are alike.

    Returns W of the hidden layer and the final cost. Equal neurons get equal gradients, so they
    stay equal for ever: this descent is confined to the networks with one neuron's worth.
    """
    X, y = flags()
    start = [(np.full((5, 3), 0.5), np.zeros((3, 1))), (np.full((3, 1), 0.5), np.zeros((1, 1)))]
    layers, costs = descend(start, X, y, "Σ (yᵗ − y)² / N", eta, updates)
    return layers[0][0], costs[-1]


def final_costs(seeds: range, updates: int, eta: float) -> list[float]:
    """Return the cost at which descent ends from several random starts."""
    X, y = flags()
    cost = "Σ (yᵗ − y)² / N"
    starts = [weights(build(3, 1, cost=cost, seed=seed)) for seed in seeds]
    return [descend(start, X, y, cost, eta, updates)[1][-1] for start in starts]


def angle_to_minimum(updates: int, eta: float) -> float:
    """Return the angle in degrees between −∇C at the start and the way to where descent ends."""
    X, y = flags()
    model = build(3, 1, cost="Σ (yᵗ − y)² / N", eta=eta, seed=5)
    start, downhill = dict(model.parameters), model.gradients(X.T, y.T)
    model.fit(X.T, y.T, updates, None, verbose=0, engine="numpy")
    way = np.concatenate([(model.parameters[n] - start[n]).ravel() for n in start])
    step = np.concatenate([-downhill[n].ravel() for n in start])
    cosine = way @ step / np.linalg.norm(way) / np.linalg.norm(step)
    return float(np.degrees(np.arccos(cosine)))


def is_linear(W: Array, b: Array) -> tuple[float, float]:
    """Return how far f(u + v) is from f(u) + f(v), for f(x) = Wᵀx + b and for f(x) = Wᵀx."""
    u, v = np.eye(5)[:, :1], np.eye(5)[:, 1:2]
    affine = linear(W, u + v, b) - linear(W, u, b) - linear(W, v, b)
    plain = linear(W, u + v, 0 * b) - linear(W, u, 0 * b) - linear(W, v, 0 * b)
    return float(np.abs(affine).max()), float(np.abs(plain).max())


def slips() -> dict[str, Callable[[], Array]]:
    """Return the formulas whose shapes refuse, for the layer 5 → 3."""
    W, x, delta = np.ones((5, 3)), np.ones((5, 1)), np.ones((3, 1))
    return {
        "W − η ∂C/∂w: W from y = WᵀX + b, ∂C/∂w_jk as (j, k)": lambda: W - 0.1 * (delta @ x.T),
        "z = w aˡ⁻¹ + b with the W of y = WᵀX + b": lambda: W @ x + np.ones((3, 1)),
        "∂C/∂a_k with the sum over the wrong index of W": lambda: W.T @ delta,
    }


def main(updates: int = 4000) -> None:
    """Go through the text from y = WᵀX + b to the trained network."""
    X, y = flags()

    print("5 → 1: y = WᵀX + b")
    W, b = weights(build(1, cost="½ (a − y)²"))[0]
    layer = cr.Model(cr.Dense(1), cr.SquaredError(), input_shape=(5,), dtype="float64")
    layer.set_parameters({"W": W, "b": b}, notation="transposed")
    compare("y, against the library", linear(W, X, b), layer.outputs(X.T).T)
    off, plain = is_linear(W, b)
    print(f"  f(u + v) − f(u) − f(v) = {off:.3f} with b, {plain:.3f} without: affine, not linear")

    print("5 → 3 → 1: forward pass, shapes of z and a")
    for cost, (value, derivative, _) in COSTS.items():
        model = build(3, 1, cost=cost)
        layers = weights(model)
        _, a = forward(layers, X)
        if cost == "Σ (aᴸ − y)²":
            print("  " + " → ".join(str(level.shape) for level in a))
        print(f"Cost {cost} = {value(a[-1], y):.6f}", end="")
        total = model.evaluate(X.T, y.T)["loss"]
        print(f", the library's {total:.6f}; gradients as products and as index sums:")
        library = by_library(model, X, y)
        products = by_products(layers, X, derivative(a[-1], y))
        sums = by_index_sums(layers, X, derivative(a[-1], y))
        for name in sorted(library):
            compare(f"∂C/∂{name} as a product", products[name], library[name])
            compare(f"∂C/∂{name} as an index sum", sums[name], library[name])

    cost, eta = "Σ (yᵗ − y)² / N", 5.0
    print(f"Gradient descent, {updates:,} updates on all N = 32, η = {eta:g}")
    model = build(3, 1, cost=cost, eta=eta, seed=5)
    layers, costs = descend(weights(model), X, y, cost, eta, updates)
    few, _ = descend(weights(model), X, y, cost, eta, 50)
    model.fit(X.T, y.T, 50, None, verbose=0, engine="numpy", shuffle=False)
    for (W, _), (library_W, _), name in zip(few, weights(model), ("0", "2"), strict=True):
        compare(f"W of layer {name} after 50", W, library_W)
    for count in sorted({0, updates // 8, updates // 2, updates - 1}):
        print(f"  update {count:>5,}: C = {costs[count]:.6f}")
    right = int(((forward(layers, X)[1][-1] > 0.5) == (y > 0.5)).sum())
    print(f"  {right} of 32 right")

    print('"These gradients point to the global minimum"')
    angle = angle_to_minimum(updates, eta)
    print(f"  angle between −∇C and the way to where descent ends: {angle:.0f}°")
    ends = " ".join(f"{end:.4f}" for end in final_costs(range(6), updates, eta))
    print(f"  C at the end from six random starts: {ends}")
    hidden, stuck = twins(updates, eta)
    spread = np.ptp(hidden, axis=1).max()
    print(f"  from three equal hidden neurons: C = {stuck:.6f}, they still differ by {spread:.0e}")

    print("Where the text's formula does not fit its shapes")
    for formula, attempt in slips().items():
        show_refusal(formula, attempt)


if __name__ == "__main__":
    main()
