"""The loss along one parameter, with the steps of gradient descent on it: text D's picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import chainrule as cr

Array = np.ndarray


def along_one_parameter(
    model: cr.Model, X: Array, Y: Array, name: str, place: tuple[int, int], steps: int, rate: float
) -> tuple[Array, Array, Array, Array]:
    """Return the loss along one weight, and the descent on it from −8, all others held fixed.

    (values, losses) draw the curve; (w, L) are the points that w = w − rate · ∂L/∂w visits.
    """
    start = model.parameters[name]

    def put(value: float) -> None:
        moved = start.copy()
        moved[place] = value
        model.set_parameters({name: moved})

    visited, heights = [-8.0], []
    for _ in range(steps):
        put(visited[-1])
        heights.append(model.evaluate(X, Y)["loss"])
        visited.append(visited[-1] - rate * float(model.gradients(X, Y)[name][place]))
    values, losses = np.linspace(-9, 6, 61), []
    for value in values:
        put(value)
        losses.append(model.evaluate(X, Y)["loss"])
    model.set_parameters({name: start})
    return values, np.array(losses), np.array(visited[:-1]), np.array(heights)


def draw(path: Path, curve: tuple[Array, Array, Array, Array]) -> bool:
    """Save the picture of the curve with its steps; return False where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    values, losses, visited, heights = curve
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(values, losses, color="#4477aa", label="L, all other parameters held fixed")
    axes.plot(visited, heights, "o-", color="#cc6677", markersize=5, linewidth=1, label="descent")
    axes.set(xlabel="one weight of the output layer", ylabel="L = −Σ Y ln Ŷ")
    axes.set_title("The loss along one parameter, and gradient descent on it")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
    return True
