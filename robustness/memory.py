"""Memory predicted for a training, beside what it took: `python -m robustness.memory`.

Each network trains in a process of its own. The prediction is that of `cr.Budget`, made before the
first step; the peak is the system's count for the process from there on. Fails where a prediction
is below its peak by more than a tenth, or above it by more than three times what training added.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.machine import resident
from chainrule.training import Training
from chainrule.training.callbacks.budget import needed

BELOW, ABOVE = 1.1, 3.0  # of the peak; of what training adds to the process
SMALL = 50e6  # bytes that nobody plans with


def mlp(*units: int) -> cr.Sequential:
    """Return dense layers with ReLU between them."""
    hidden = [layer for n in units for layer in (cr.Dense(n), cr.ReLU())]
    return cr.Sequential(cr.Flatten(), *hidden, cr.Dense(10))


def cnn(normalized: bool) -> cr.Sequential:
    """Return two convolutions of 32 and 64 filters and a dense layer."""
    layers: list[Any] = []
    for filters in (32, 64):
        layers.append(cr.Conv2D(filters, 3))
        layers += [cr.BatchNorm()] * normalized + [cr.ReLU(), cr.MaxPool(2)]
    return cr.Sequential(*layers, cr.Flatten(), cr.Dense(128), cr.ReLU(), cr.Dense(10))


CASES: dict[str, tuple[cr.Sequential, cr.Optimizer, int, int]] = {
    # network, optimizer, minibatch, samples
    "784-128-10, batch 128": (mlp(128), cr.Adam(), 128, 4096),
    "784-2000-2000-10, batch 512": (mlp(2000, 2000), cr.SGD(0.01), 512, 4096),
    "784-2000-2000-10, Adam, batch 512": (mlp(2000, 2000), cr.Adam(), 512, 2048),
    "784-512-512-10, batch 16,384": (mlp(512, 512), cr.Adam(), 16_384, 32_768),
    "CNN, batch 64": (cnn(False), cr.Adam(), 64, 2048),
    "CNN, batch 512": (cnn(False), cr.Adam(), 512, 2048),
    "six convolutions, batch 128": (
        cr.Sequential(
            *[layer for _ in range(6) for layer in (cr.Conv2D(16, 3, padding="same"), cr.ReLU())],
            cr.Flatten(), cr.Dense(10),
        ),
        cr.Adam(), 128, 1024,
    ),
    "CNN with BatchNorm, batch 512": (cnn(True), cr.Adam(), 512, 2048),
}  # fmt: skip


class Look(cr.Callback):
    """Predicts as Budget does, and forgets the peak so far."""

    def on_start(self, training: Training) -> None:
        model = training.model
        assert model.built is not None
        parts = needed(
            model.built, model.optimizer, model.dtype, training.batch_size,
            engine=training.history.engine,
        )  # fmt: skip
        self.predicted, self.before = sum(parts.values()), resident()
        Path("/proc/self/clear_refs").write_text("5")


def here(name: str, engine: str) -> dict[str, int]:
    """Train one network in this process; return bytes: before, predicted, and at most."""
    network, optimizer, batch, samples = CASES[name]
    draw = np.random.default_rng(0)
    x = draw.random((samples, 28, 28, 1), np.float32)
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), optimizer, input_shape=x.shape[1:])
    look = Look()
    y = np.arange(samples) % 10
    model.fit(x, y, 4, batch, engine=engine, callbacks=[look], verbose=0, validation_split=0.5)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return {"before": look.before, "predicted": look.predicted, "peak": peak}


def judged(found: dict[str, int]) -> str:
    """Return what is wrong with a prediction, or nothing."""
    added = found["peak"] - found["before"]
    if found["predicted"] * BELOW < found["peak"]:
        return "TOO LOW"
    if found["predicted"] - found["before"] > ABOVE * max(added, SMALL):
        return "TOO HIGH"
    return ""


def main() -> int:
    """Print the table; return the exit code, 1 where a prediction is of no use."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", nargs="*", choices=["numpy", "xla"])
    parser.add_argument("--case", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    engines = asked.engines or (["numpy", "xla"] if find_spec("jax") else ["numpy"])
    if asked.case:
        print(json.dumps(here(asked.case, engines[0])))
        return 0
    failed = False
    print("| network | engine | before | predicted | peak | predicted / peak |")
    print("|---|---|---|---|---|---|")
    for name in CASES:
        for engine in engines:
            command = [sys.executable, "-m", "robustness.memory", "--case", name]
            done = subprocess.run(
                [*command, "--engines", engine], check=True, stdout=subprocess.PIPE
            )
            found = json.loads(done.stdout)
            before, predicted, peak = (
                f"{found[key] / 1e6:,.0f} MB" for key in ("before", "predicted", "peak")
            )
            wrong = judged(found)
            ratio = found["predicted"] / found["peak"]
            print(
                f"| {name} | {engine} | {before} | {predicted} | {peak} | {ratio:.2f} {wrong}|",
                flush=True,
            )
            failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
