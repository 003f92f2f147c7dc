"""Training from 20 GB on disk against training from memory: `python -m benchmarks.streaming`.

Workload C (784-512-512-10, batch 128, Adam), float32. The file is sparse: it has the full length,
but takes no room on the disk, so the disk itself is not measured; everything else is. Each round
times the same number of steps of either kind, in turn, each in a process of its own; the fastest
of either kind count, since whatever else runs makes a step slower, never faster.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

WIDTH, BATCH = 784, 128


def train(engine: str, rows: int, steps: int, path: str) -> None:
    """Print samples per second and the peak memory in MB of some steps."""
    import chainrule as cr

    network = cr.Sequential(cr.Dense(512), cr.ReLU(), cr.Dense(512), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(1e-3), input_shape=(WIDTH,))
    x = np.load(path, mmap_mode="r") if path else np.zeros((rows, WIDTH), np.float32)
    y = np.zeros(rows, np.int64)

    class Timed(cr.Callback):
        pause_every = steps

        def on_chunk(self, training: cr.training.Training) -> None:
            if training.step == steps:
                self.started = perf_counter()
            elif training.step == 2 * steps:
                self.seconds = perf_counter() - self.started
                training.stop("measured")

    timed = Timed()
    model.fit(x, y, batch_size=BATCH, engine=engine, callbacks=[timed], verbose=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(steps * BATCH / timed.seconds, peak)


def main() -> None:
    """Time both kinds in turn and print the fastest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="numpy")
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("disk", "memory"), help=argparse.SUPPRESS)
    parser.add_argument("--path", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    rows = int(asked.gigabytes * 1e9) // (4 * WIDTH)
    if asked.only:
        train(asked.engine, rows if asked.path else 60_000, asked.steps, asked.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        np.lib.format.open_memmap(path, "w+", np.float32, (rows, WIDTH)).flush()
        found: dict[str, list[list[float]]] = {"disk": [], "memory": []}
        for _ in range(asked.rounds):
            for kind, results in found.items():
                command = [sys.executable, "-m", "benchmarks.streaming", "--only", kind]
                command += ["--engine", asked.engine, "--steps", str(asked.steps)]
                command += ["--gigabytes", str(asked.gigabytes)]
                command += ["--path", str(path)] if kind == "disk" else []
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                results.append([float(word) for word in out.split()])
                print(
                    f"{asked.engine} {kind:6} {results[-1][0]:9,.0f} samples/s, "
                    f"peak {results[-1][1]:6,.0f} MB"
                )
    speed = {kind: max(r[0] for r in results) for kind, results in found.items()}
    print(f"{asked.engine}: {speed['disk'] / speed['memory']:.1%} of the speed in memory")


if __name__ == "__main__":
    main()
