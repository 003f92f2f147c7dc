"""A process that measures one library: `python -m benchmarks.worker torch`.

It reads a command in JSON from each line of stdin and answers with one line on stdout, so that
the process that asks decides whose turn it is. What libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.breadth.networks import Broad
from benchmarks.peers import BARE, PEERS
from benchmarks.peers.base import Training, fastest
from benchmarks.workloads import Workload, mnist

Answer = dict[str, Any]


def per_call(function: Callable[[], Any], seconds: float) -> float:
    """Return seconds per call, from as many calls as fit into `seconds`."""
    calls = 1
    while True:
        started = perf_counter()
        for _ in range(calls):
            function()
        elapsed = perf_counter() - started
        if elapsed >= seconds / 2:
            return elapsed / calls
        calls = max(2 * calls, int(calls * seconds / max(elapsed, 1e-9)))


def peak_bytes() -> int:
    """Return the largest resident size that this process has had."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else 1024 * kilobytes


def reset_peak() -> None:
    """Let the peak begin anew at what is resident now. Raises OSError where that cannot be done."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_since_reset() -> int:
    """Return the largest resident size since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def described(fields: dict[str, Any]) -> Workload | Broad:
    """Return the work that `to_json` described."""
    return Broad(**fields) if "network" in fields else Workload.from_json(fields)


class Worker:
    """One library, and the training that it holds. Each method without _ is a command."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.peer = BARE if name == BARE.name else PEERS[name]
        self.training: Training | None = None
        self.chosen: dict[str, str] = {}  # the fastest setting of a workload, once it was found
        self.sgemm: Any = None

    def _new(self, workload: Workload | Broad, data: Any, setting: str = "") -> str:
        module = import_module(f"{workload.package}.{self.peer.module}")
        settings = module.prepare(self.name, workload, data)
        if setting:
            settings = {n: make for n, make in settings.items() if setting in n}
            settings = dict([*settings.items()][:1])
        known = self.chosen.get(workload.name)
        if known is not None:
            self.training = settings[known]()
            return known
        name, self.training = fastest(settings)
        self.chosen[workload.name] = name
        return name

    def prepare(self, workload: dict[str, Any], warm: bool = True, setting: str = "") -> Answer:
        """Build a workload's training in its fastest setting, and run its first epoch.

        With `setting`, the first whose name holds these words is taken, and no other is built.
        """
        self.training = None
        work = described(workload)
        note = self._new(work, work.data(), setting)
        assert self.training is not None
        started = perf_counter()
        if warm:
            self.training(1)
        return {"note": note, "first": perf_counter() - started}

    def train(self, epochs: int) -> Answer:
        """Train on; return the seconds and losses of the epochs."""
        assert self.training is not None
        done = self.training(epochs)
        answer: Answer = {"seconds": [e.seconds for e in done], "losses": [e.loss for e in done]}
        if hasattr(self.training, "chunks"):
            answer["chunks"] = self.training.chunks
        return answer

    def predict(self, rows: int, inputs: int, seconds: float) -> Answer:
        """Return the seconds of one prediction of so many rows."""
        assert self.training is not None
        x = np.random.default_rng(0).random((rows, inputs), dtype=np.float32)
        self.training.predict(x)  # compiles, where there is something to compile
        return {"seconds": per_call(lambda: self.training.predict(x), seconds)}

    def reach(self, workload: dict[str, Any], accuracy: float, most: int) -> Answer:
        """Train on MNIST until the test images are answered well enough; compilation counts."""
        work = Workload.from_json(workload)
        data, x_test, y_test = mnist(work)
        self._new(work, data)  # finds the fastest setting ...
        self._new(work, data)  # ... and starts it from nothing
        assert self.training is not None
        seconds, curve = 0.0, []
        for _ in range(most):
            started = perf_counter()
            self.training(1)
            seconds += perf_counter() - started
            answers = np.asarray(self.training.predict(x_test)).argmax(axis=1)
            curve.append(float((answers == y_test).mean()))
            if curve[-1] >= accuracy:
                return {"seconds": seconds, "epochs": len(curve), "curve": curve}
        return {"seconds": None, "epochs": len(curve), "curve": curve}

    def measure_sgemm(self, sizes: list[int]) -> Answer:
        """Return the machine's own speed now."""
        from benchmarks.sgemm import Sgemm

        self.sgemm = self.sgemm or Sgemm(sizes)
        return {"flops": self.sgemm.measure()}

    def memory(self) -> Answer:
        """Return this process's largest resident size."""
        return {"bytes": peak_bytes()}

    def peak(self, epochs: int) -> Answer:
        """Train on; return the largest resident size meanwhile."""
        assert self.training is not None
        reset_peak()
        self.training(epochs)
        return {"bytes": peak_since_reset()}

    def answer(self, command: dict[str, Any]) -> Answer:
        """Run one command; a failure is an answer too."""
        try:
            return getattr(self, command.pop("do"))(**command)
        except Exception as error:
            traceback.print_exc()
            return {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(worker.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
