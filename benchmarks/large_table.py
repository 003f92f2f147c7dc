"""A table larger than memory should be: write one, train on it, say the peak memory.

    python benchmarks/large_table.py --megabytes 2000

The table has 16 numbers, two categories and a date; the target follows from some of them. The
training is `chainrule train` in a process of its own, whose largest resident set the system tells.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

NUMBERS, ROWS = 16, 100_000
COLOURS = ("red", "green", "blue")


def write(path: Path, megabytes: int, seed: int = 0) -> int:
    """Write a CSV of at least so many megabytes; return how many rows it has."""
    import polars as pl

    rng, rows = np.random.default_rng(seed), 0
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            x = rng.normal(size=(ROWS, NUMBERS))
            colour, town = rng.integers(0, 3, ROWS), rng.integers(0, 60, ROWS)
            columns: dict[str, Any] = {f"x{i}": x[:, i] for i in range(NUMBERS)}
            columns["colour"] = [COLOURS[c] for c in colour]
            columns["town"] = [f"town {t}" for t in town]
            columns["day"] = [f"20{t % 24:02d}-{t % 12 + 1:02d}-{t % 28 + 1:02d}" for t in town]
            columns["y"] = 10 + 3 * x[:, 0] - 2 * x[:, 1] * (colour == 1) + 0.1 * town
            pl.DataFrame(columns).write_csv(file, include_header=rows == 0, float_precision=5)
            rows += ROWS
    return rows


def main() -> None:
    """Write, train, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table.csv")
        rows = write(table, asked.megabytes)
        command = [
            sys.executable,
            "-m",
            "chainrule.cli",
            "train",
            str(table),
            "--target",
            "y",
            "-q",
        ]
        command += ["--epochs", str(asked.epochs), "--output", str(Path(folder, "m.safetensors"))]
        started, size = perf_counter(), table.stat().st_size
        subprocess.run(command, check=True)
        seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{size / 1e9:.2f} GB, {rows:,} rows: {seconds:.0f} s, peak memory {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
