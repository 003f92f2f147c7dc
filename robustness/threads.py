"""Eight threads that predict with one model, beside one: `python -m robustness.threads`.

The same predictions in all, by one thread and by eight, in turns; the answers must be the same
bytes, and the median of the ratios of the times is printed for each engine, number of samples, and
number of threads that NumPy's BLAS has. Fails beyond 1.10.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from statistics import median
from time import perf_counter

import numpy as np

import chainrule as cr
from chainrule.machine import cpus

LIMIT = 1.10  # seconds of eight threads / seconds of one, for the same work
SAMPLES = (1, 16, 256)
ROUND = 0.3  # seconds of one thread


def measure(engine: str, samples: int, rounds: int) -> tuple[float, float, bool]:
    """Return the ratio of the times, the seconds of a call, and whether all answers were alike."""
    network = cr.Sequential(cr.Dense(128), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), seed=0, input_shape=(784,))
    x = np.random.default_rng(0).random((samples, 784), np.float32)
    expected = model.predict_proba(x, engine=engine)

    def work(count: int) -> bool:
        answers = [model.predict_proba(x, engine=engine) for _ in range(count)]
        return all(np.array_equal(answer, expected) for answer in answers)

    def timed(pool: ThreadPoolExecutor, threads: int, each: int) -> tuple[float, bool]:
        begun = perf_counter()
        same = all(list(pool.map(work, [each] * threads)))
        return perf_counter() - begun, same

    ratios, calls, same = [], [], True
    with ThreadPoolExecutor(8) as eight, ThreadPoolExecutor(1) as one:
        timed(one, 1, 20)
        each = 1 + int(ROUND / 8 / (timed(one, 1, 100)[0] / 100))
        for _ in range(rounds):
            first, alike = timed(one, 1, 8 * each)
            second, alike_too = timed(eight, 8, each)
            ratios.append(second / first)
            calls.append(first / (8 * each))
            same = same and alike and alike_too
    return median(ratios), median(calls), same


def here(engine: str, rounds: int) -> int:
    """Measure one engine in this process; return the exit code."""
    failed, blas = False, os.environ["OPENBLAS_NUM_THREADS"]
    what = engine if engine == "xla" else f"numpy, {blas} thread(s) in a product"
    for samples in SAMPLES:
        ratio, call, same = measure(engine, samples, rounds)
        said = "the same answers" if same else "OTHER ANSWERS"
        print(
            f"{what}: {samples:>3} samples each: {ratio:.2f} of one thread's time "
            f"({1e6 * call:.0f} µs a call), {said}",
            flush=True,
        )
        failed = failed or not same or ratio > LIMIT
    return 1 if failed else 0


def main() -> int:
    """Measure both engines; return the exit code, 1 beyond the limit or for other answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--engine", choices=["numpy", "xla"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.engine:
        return here(asked.engine, asked.rounds)
    runs = [("numpy", count) for count in sorted({1, cpus()})]
    if find_spec("jax"):
        runs.append(("xla", 1))
    command = [sys.executable, "-m", "robustness.threads", "--rounds", str(asked.rounds)]
    codes = [
        subprocess.run(
            [*command, "--engine", engine],
            env={**os.environ, "OPENBLAS_NUM_THREADS": str(count)},
            check=False,
        ).returncode
        for engine, count in runs
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
