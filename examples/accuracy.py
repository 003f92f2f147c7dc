"""How well four small networks do on real images: the mean over seeds, on the test set.

    python examples/accuracy.py mnist-mlp --seeds 3   # or mnist-cnn, fashion-mlp, fashion-cnn
    python examples/accuracy.py fashion-cnn --validation # tested on 10,000 of the training images

The recipes were written down first and only then run on the test set, with two exceptions:
mnist-cnn was made smaller, for time, after two larger ones had been tested; and a first fashion-cnn
reached 91.1 %, so that a larger one was chosen with --validation, where it reached 93.5 %. To
change a recipe, judge it so. No image is augmented, but for the mirroring in fashion-cnn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import mean
from time import perf_counter
from typing import Any, Literal, NamedTuple

import chainrule as cr


class Recipe(NamedTuple):
    """A network and how long and fast it learns; `augment` changes the samples of each step."""

    data: str
    network: Callable[[], cr.Layer]
    epochs: int
    rate: float
    weight_decay: float
    augment: Any = None
    average: float = 0.999  # of the weights, over the last thousand steps or so
    batch_size: int = 128


def mlp(rates: tuple[float, float, float]) -> cr.Layer:
    """Return 784-800-800-10 with dropout on the pixels and on both hidden layers."""
    pixels, first, second = rates
    return cr.Sequential(
        cr.Scale(1 / 255),
        cr.Flatten(),
        cr.Dropout(pixels),
        cr.Dense(800),
        cr.ReLU(),
        cr.Dropout(first),
        cr.Dense(800),
        cr.ReLU(),
        cr.Dropout(second),
        cr.Dense(10),
    )


def block(filters: int, padding: Literal["same"] | int = 0) -> list[cr.Layer]:
    """Return a 3x3 convolution, halved in size, normalised and rectified.

    The pooling stands first: it leaves a quarter of the image to the layers after it.
    """
    return [cr.Conv2D(filters, 3, padding=padding), cr.MaxPool(2), cr.BatchNorm(), cr.ReLU()]


def lenet() -> cr.Layer:
    """Return 1-16C3-P2-64C3-P2-128-10: LeNet-5's plan with smaller windows and more filters."""
    return cr.Sequential(
        cr.Scale(1 / 255),
        cr.Reshape((28, 28, 1)),
        *block(16),
        *block(64),
        cr.Flatten(),
        cr.Dropout(0.3),
        cr.Dense(128),
        cr.ReLU(),
        cr.Dropout(0.5),
        cr.Dense(10),
    )


def deeper() -> cr.Layer:
    """Return 1-32C3-P2-64C3-P2-128C3-P2-256-10, every convolution as large as its input."""
    return cr.Sequential(
        cr.Scale(1 / 255),
        cr.Reshape((28, 28, 1)),
        *block(32, "same"),
        *block(64, "same"),
        cr.Dropout(0.1),
        *block(128, "same"),
        cr.Flatten(),
        cr.Dropout(0.3),
        cr.Dense(256),
        cr.ReLU(),
        cr.Dropout(0.3),
        cr.Dense(10),
    )


RECIPES = {
    "mnist-mlp": Recipe("mnist", lambda: mlp((0.2, 0.5, 0.5)), 40, 2e-3, 1e-2),
    "mnist-cnn": Recipe("mnist", lenet, 5, 3e-3, 1e-2, average=0.995, batch_size=64),
    "fashion-mlp": Recipe("fashion-mnist", lambda: mlp((0.1, 0.3, 0.3)), 30, 2e-3, 1e-2),
    "fashion-cnn": Recipe(
        "fashion-mnist",
        deeper,
        12,
        3e-3,
        2e-2,
        cr.augmentation.Augment(cr.augmentation.Flip()),
        0.995,
        64,
    ),
}


def run(
    recipe: Recipe, seed: int, epochs: int | None, validation: bool, engine: str, verbose: int
) -> float:
    """Train with one seed and return the accuracy on images that were not trained on."""
    (x, y), (x_test, y_test) = cr.data.load(recipe.data)
    if validation:
        (x, y), (x_test, y_test) = (x[:50_000], y[:50_000]), (x[50_000:], y[50_000:])
    epochs = recipe.epochs if epochs is None else epochs
    steps = epochs * -(-len(x) // recipe.batch_size)
    rate = cr.OneCycle(recipe.rate, steps)
    model = cr.Model(
        recipe.network(),
        cr.SoftmaxCrossEntropy(),
        cr.Averaged(cr.AdamW(rate, weight_decay=recipe.weight_decay), recipe.average),
        seed=seed,
    )
    model.fit(
        x, y, epochs, recipe.batch_size, augment=recipe.augment, engine=engine, verbose=verbose
    )
    return model.evaluate(x_test, y_test, engine=engine)["accuracy"]


def main(arguments: list[str] | None = None) -> None:
    """Train the recipe with each seed, and print each accuracy and their mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N-1")
    parser.add_argument("--epochs", type=int, help="other than the recipe's")
    parser.add_argument("--validation", action="store_true", help="leave the test set alone")
    parser.add_argument("--engine", default="xla")
    parser.add_argument("--verbose", type=int, choices=(0, 1, 2), default=0)
    wanted = parser.parse_args(arguments)
    recipe, on = RECIPES[wanted.recipe], "validation" if wanted.validation else "test"
    found = []
    for seed in range(wanted.seeds):
        started = perf_counter()
        found.append(
            run(recipe, seed, wanted.epochs, wanted.validation, wanted.engine, wanted.verbose)
        )
        took = perf_counter() - started
        print(
            f"{wanted.recipe} seed {seed}: {on} accuracy {found[-1]:.2%}, {took:.0f} s", flush=True
        )
    print(f"{wanted.recipe}: mean {mean(found):.2%} over {len(found)} seeds")


if __name__ == "__main__":
    main()
