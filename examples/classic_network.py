"""The classic [784, 30, 10] network: sigmoid neurons, squared error, batch 10, learning rate 3.

    python examples/classic_network.py --initializer normal     # N(0, 1), as in the book
    python examples/classic_network.py --initializer glorot

Source: M. Nielsen, "Neural Networks and Deep Learning" (2015), chapter 1.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import chainrule as cr

INITIALIZERS = ("normal", "glorot")


def build(hidden: int, initializer: str, largest_pixel: float, seed: int) -> cr.Model:
    """Return the network; "normal" draws weights and biases from N(0, 1), "glorot" W alone."""
    if initializer == "normal":
        weights, biases = cr.Normal(1.0), cr.Normal(1.0)
    else:
        weights, biases = cr.GlorotUniform(), cr.Zeros()
    return cr.Model(
        cr.Sequential(
            cr.Scale(1 / largest_pixel),
            cr.Flatten(),
            cr.Dense(hidden, weights, biases),
            cr.Sigmoid(),
            cr.Dense(10, weights, biases),
            cr.Sigmoid(),
        ),
        cr.SquaredError("half"),
        cr.SGD(3.0),
        seed=seed,
    )


def run(
    data: str = "mnist",
    initializer: str = "normal",
    hidden: int = 30,
    epochs: int = 30,
    seed: int = 0,
    verbose: int = 0,
) -> cr.History:
    """Train on all training images and return the curves; "validation" is the test set here."""
    (x, y), test = cr.data.load(data)
    model = build(hidden, initializer, float(x.max()), seed)
    return model.fit(
        x, y, epochs, batch_size=10, validation_data=test, verbose=verbose, engine="numpy"
    )


def main(arguments: list[str] | None = None) -> None:
    """Train as asked and say which epoch was best on the test images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist", help="a named data set of images, ten classes")
    parser.add_argument("--initializer", choices=INITIALIZERS, default="normal")
    parser.add_argument("--hidden", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", type=int, choices=(0, 1, 2), default=2)
    wanted = parser.parse_args(arguments)
    started = perf_counter()
    history = run(**vars(wanted))
    accuracy = history["validation_accuracy"]
    best = max(range(len(accuracy)), key=accuracy.__getitem__)
    print(f"{wanted.initializer}: best on test {accuracy[best]:.2%} in epoch {best + 1}", end="; ")
    print(f"after epoch {len(accuracy)} {accuracy[-1]:.2%}; ", end="")
    print(f"{perf_counter() - started:.0f} s with loading")


if __name__ == "__main__":
    main()
