"""Several processes on this machine: `python -m benchmarks.processes`.

Times a step of 784-1000-10 with batch 256, one thread a process, in each of these ways, in turn:
one process with the whole batch (and, as a rival, with a thread for each core), 1, 2 and 4
processes with the batch in shards, and two processes that know nothing of each other, which is
the most that the machine gives. One process that is bound to no core has a second one for the
threads that read and hand over, so 1 and 2 are also timed with one core for each. Times are those
of the fastest round, since whatever else runs makes a step slower, never faster; ratios are taken
within a round. Then it measures the terms of the cost model (benchmarks/cost_model.py), compares it
with measurements, and says where data parallelism stops paying.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cost_model import LINKS, Link, Work, best, exchange, speedup, step
from benchmarks.machine import cores, processor
from chainrule.scale.launch import ONE_THREAD, surroundings

MAIN = ((784, 1000, 10), 256)
OTHERS = (
    ((784, 100, 10), 256),
    ((784, 1000, 10), 1024),
    ((784, 512, 512, 10), 128),
    ((784, 2000, 2000, 10), 512),
)


class Way(NamedTuple):
    """How the main network is trained; one shard is the whole batch, by the engine's own run."""

    processes: int  # negative: as many that know nothing of each other
    shards: int
    threads: int = 1  # 0: one for each core
    placed: tuple[str, ...] = ()  # arguments for mpirun


BOUND = ("--bind-to", "core")
WAYS = {
    "one process, whole batch": Way(1, 1),
    "one process, whole batch, a thread a core": Way(1, 1, threads=0),
    "1 process, 8 shards": Way(1, 8),
    "2 processes, 8 shards": Way(2, 8),
    "1 process on one core, 8 shards": Way(1, 8, placed=BOUND),
    "2 processes, a core each, 8 shards": Way(2, 8, placed=BOUND),
    "2 times 1 process, independent": Way(-2, 8),
    "4 processes, 8 shards (correctness only)": Way(4, 8),
    "1 process, 2 shards": Way(1, 2),
    "2 processes, 2 shards": Way(2, 2),
}
FASTER = (  # than the first is the second, by so much
    ("1 process, 8 shards", "2 processes, 8 shards"),
    ("1 process on one core, 8 shards", "2 processes, a core each, 8 shards"),
    ("1 process, 8 shards", "2 times 1 process, independent"),
    ("1 process, 2 shards", "2 processes, 2 shards"),
    ("one process, whole batch", "2 processes, 2 shards"),
    ("one process, whole batch", "one process, whole batch, a thread a core"),
)


def worker(asked: argparse.Namespace) -> dict[str, Any]:
    """Time steps in this process, one of those that mpirun has started."""
    import chainrule as cr
    from chainrule.engines import choose
    from chainrule.engines.sharded import ShardedRun
    from chainrule.scale.mpi import connect
    from chainrule.step import Data
    from chainrule.training.plan import Plan
    from chainrule.tree import flatten

    comm = connect()
    inputs, *hidden, outputs = asked.sizes
    layers = [layer for units in hidden for layer in (cr.Dense(units), cr.ReLU())]
    network = cr.Sequential(*layers, cr.Dense(outputs))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.01), input_shape=(inputs,))
    rows = 4 * asked.batch
    x = np.sin(np.arange(rows * inputs, dtype=np.float32)).reshape(rows, inputs)
    data = Data(x, (np.arange(rows) % outputs).astype(np.int32))
    engine = choose(asked.engine).engine
    run: Any = engine.bind(model.task, data)
    if asked.shards > 1:
        run = ShardedRun(engine, model.task, data, asked.shards, comm)
    plan = Plan(rows, asked.batch, 0)
    block = np.concatenate([next(plan.blocks(e)) for e in range(-(-(asked.steps + 5) // 4))])
    state = run.start(model.state, [block])
    state, _ = run.chunk(state, block, 0, 5)
    comm.wait()
    started = perf_counter()
    state, _ = run.chunk(state, block, 5, asked.steps)
    seconds = (perf_counter() - started) / asked.steps
    parts = {}
    if asked.shards > 1:  # told apart in steps of their own, since that costs time
        run.apart, run.seconds = asked.split, dict.fromkeys(run.seconds, 0.0)
        state, _ = run.chunk(state, block, 5, asked.steps)
        parts = {n: s / asked.steps for n, s in run.seconds.items()}
    params = run.finish(state).params
    digest = hashlib.sha256(b"".join(p.tobytes() for p in flatten(params).values())).hexdigest()
    nbytes = sum(p.nbytes for p in flatten(params).values())
    answer = {"step": seconds, "parts": parts, "digest": digest, "bytes": nbytes}
    if asked.link and comm.size > 1:
        answer["link"] = {str(n): timed_sum(comm, n) for n in (64, 1 << 16, 1 << 18, 1 << 20)}
    return answer if comm.rank == 0 else {}


def timed_sum(comm: Any, count: int) -> float:
    """Return the usual time of a sum of `count` float32 numbers over the ranks.

    Before each, memory is gone over that no cache holds, as a step does it.
    """
    vector, others, times = np.ones(count, np.float32), np.ones(1 << 22, np.float32), []
    for _ in range(100):
        others += 1
        vector[:] = 1
        comm.wait()
        started = perf_counter()
        comm.sum(vector)
        times.append(perf_counter() - started)
    return median(times)


def start(way: Way, sizes: tuple[int, ...], batch: int, *more: str) -> subprocess.Popen[str]:
    """Start a measurement in one of the ways."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    mpirun = shutil.which("mpirun", path=places)
    if mpirun is None:
        raise SystemExit('there is no mpirun: pip install "chainrule[mpi-local]"')
    environment = {n: v for n, v in surroundings().items() if n not in ONE_THREAD}
    # Said in either case: a process of MPI that is told nothing takes one thread.
    environment |= ONE_THREAD if way.threads else dict.fromkeys(ONE_THREAD, str(cores()))
    line = [mpirun, *way.placed, "-n", str(way.processes)]
    line += [sys.executable, "-m", "benchmarks.processes", "--worker"]
    shape = ["--sizes", *map(str, sizes), "--batch", str(batch), "--shards", str(way.shards)]
    return subprocess.Popen(
        [*line, *shape, *more], env=environment, stdout=subprocess.PIPE, text=True
    )


def answered(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what the first rank has printed."""
    out, _ = process.communicate(timeout=120)
    if process.returncode:
        raise SystemExit("a measurement failed, see above")
    return json.loads(out)


def ways(engine: str, rounds: int, steps: int) -> dict[str, list[dict[str, Any]]]:
    """Measure the main network in all ways, in turn."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            alone = max(1, -way.processes)
            one = way._replace(processes=max(1, way.processes))
            more = ["--engine", engine, "--steps", str(steps), "--split"]
            group = [start(one, *MAIN, *more) for _ in range(alone)]
            answers = [answered(p) for p in group]
            answers[0]["step"] = max(a["step"] for a in answers) / alone
            found[name].append(answers[0])
    return found


def show_ways(engine: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table, the ratios, and whether the weights are the same."""
    print(f"{engine}: 784-1000-10, batch 256, SGD; ms a step, the fastest round")
    fastest = {way: min(answers, key=lambda a: a["step"]) for way, answers in found.items()}
    for way, answer in fastest.items():
        parts = [f"{name} {seconds * 1e3:.1f}" for name, seconds in answer["parts"].items()]
        print(f"  {way:42} {answer['step'] * 1e3:6.1f}   {', '.join(parts)}")
    print("  times faster, the median of the rounds (least and most):")
    for one, two in FASTER:
        ratios = [a["step"] / b["step"] for a, b in zip(found[one], found[two], strict=True)]
        spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"  {two:42} {spread}, than {one}")
    digests = {found[f"{n} process{'es' * (n > 1)}, 8 shards"][0]["digest"] for n in (1, 2)}
    digests.add(found["4 processes, 8 shards (correctness only)"][0]["digest"])
    print(f"  1, 2 and 4 processes give the same bytes: {'yes' if len(digests) == 1 else 'NO'}")


def check_model(engine: str, rounds: int, steps: int) -> list[Work]:
    """Measure the model's terms, compare it with a step of 2 processes; return the work."""
    more = ["--engine", engine, "--split"]
    link, done = Link("this machine's memory", 0.0, 0.0), []
    print(f"{engine}: the cost model against the measurement, ms a step with 2 processes, 8 shards")
    for sizes, batch in (MAIN, *OTHERS):
        flops = 6 * batch * sum(a * b for a, b in pairwise(sizes))
        count = str(max(6, min(steps, int(6e10 / flops))))
        answers: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
        for _ in range(rounds):
            for n, given in answers.items():
                asked = [*more, "--steps", count, *(["--link"] if n > 1 else [])]
                given.append(answered(start(Way(n, 8), sizes, batch, *asked)))
        one, two = (min(given, key=lambda a: a["step"]) for given in answers.values())
        if not done:
            times = {4 * int(n): median(a["link"][n] for a in answers[2]) for n in two["link"]}
            short, long = min(times), max(times)
            link = Link(link.name, (long - short) / (times[long] - times[short]), times[short])
            print(f"  link: {link.bandwidth / 1e9:.1f} GB/s, {link.latency * 1e6:.0f} µs a message")
        title = "-".join(map(str, sizes)) + f", batch {batch}"
        work = Work(title, one["parts"]["compute"], one["parts"]["update"], one["bytes"])
        done.append(work)
        told, seen = step(work, 2, link), two["step"]
        print(
            f"  {title:30} compute {work.compute * 1e3:6.2f}, update {work.update * 1e3:5.2f}, "
            f"exchange {exchange(work.bytes, 2, link) * 1e3:5.2f} (seen "
            f"{two['parts']['communicate'] * 1e3:5.2f}): model {told * 1e3:6.2f}, measured "
            f"{seen * 1e3:6.2f} ({seen / told - 1:+.0%})"
        )
    return done


def show_plan(works: list[Work]) -> None:
    """Print up to how many processes each network pays on each link, and how much faster it is."""
    print("on other links (from the model): processes after which a step gets no tenth faster")
    for work in works:
        for link in LINKS:
            p = best(work, link)
            print(f"  {work.name:30} {link.name:20} {p:5}   {speedup(work, p, link):6.1f}x")


def main() -> None:
    """Measure everything, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="xla")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100)
    for name in ("--worker", "--split", "--link"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sizes", type=int, nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--shards", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        answer = worker(asked)
        if answer:
            print(json.dumps(answer), flush=True)
        return
    print(f"{processor()}, {cores()} cores")
    show_ways(asked.engine, ways(asked.engine, asked.rounds, asked.steps))
    show_plan(check_model(asked.engine, asked.rounds, asked.steps))


if __name__ == "__main__":
    main()
