"""Eight threads that predict with one model, beside one: `python -m robustness.threads`.

The same predictions in all, by one thread and by eight, in turns; the answers must be the same
bytes, and the median of the ratios of the times is printed for each engine. Fails beyond 1.10.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from statistics import median
from time import perf_counter

import numpy as np

import chainrule as cr

LIMIT = 1.10  # seconds of eight threads / seconds of one, for the same work


def measure(engine: str, predictions: int, samples: int, rounds: int) -> tuple[float, bool]:
    """Return the ratio of the times, and whether all answers were the same bytes."""
    network = cr.Sequential(cr.Dense(128), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), seed=0, input_shape=(784,))
    x = np.random.default_rng(0).random((samples, 784), np.float32)
    expected = model.predict_proba(x, engine=engine)

    def work(count: int) -> bool:
        answers = [model.predict_proba(x, engine=engine) for _ in range(count)]
        return all(np.array_equal(answer, expected) for answer in answers)

    ratios, same = [], True
    with ThreadPoolExecutor(8) as eight, ThreadPoolExecutor(1) as one:
        for _ in range(rounds):
            seconds = []
            for pool, threads in ((one, 1), (eight, 8)):
                shares = [predictions // threads] * threads
                begun = perf_counter()
                same = all(list(pool.map(work, shares))) and same
                seconds.append(perf_counter() - begun)
            ratios.append(seconds[1] / seconds[0])
    return median(ratios), same


def main() -> int:
    """Measure both engines; return the exit code, 1 beyond the limit or for other answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--predictions", type=int, default=400, help="of a round")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    failed = False
    for engine in ["numpy", "xla"] if find_spec("jax") else ["numpy"]:
        for samples in (1, 256):
            ratio, same = measure(engine, asked.predictions, samples, asked.rounds)
            said = "the same answers" if same else "OTHER ANSWERS"
            print(f"{engine}: {samples} samples each: {ratio:.2f} of one thread's time, {said}")
            failed = failed or not same or ratio > LIMIT
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
