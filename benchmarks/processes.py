"""Where a step's time goes with several processes: `mpirun -n 2 python -m benchmarks.processes`.

784-1000-10, batch 256, in 8 shards; OPENBLAS_NUM_THREADS=1 NPROC=1 give each process one thread.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np

import chainrule as cr
from chainrule.engines import choose
from chainrule.engines.sharded import ShardedRun
from chainrule.scale.mpi import connect
from chainrule.step import Data
from chainrule.training.plan import Plan


def main() -> None:
    """Time some steps after a few to warm up; the first process prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="xla")
    parser.add_argument("--steps", type=int, default=40)
    asked = parser.parse_args()
    comm = connect()
    network = cr.Sequential(cr.Dense(1000), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1), input_shape=(784,))
    x = np.sin(np.arange(256 * 784, dtype=np.float32)).reshape(256, 784)
    data = Data(x, (np.arange(256) % 10).astype(np.int32))
    run = ShardedRun(choose(asked.engine).engine, model.task, data, 8, comm)
    block = np.tile(next(Plan(256, 256, 0).blocks(0)), (asked.steps, 1))
    state = run.start(model.state, [block])
    state, _ = run.chunk(state, block, 0, 5)
    run.seconds = dict.fromkeys(run.seconds, 0.0)
    comm.world.Barrier()
    started = perf_counter()
    run.chunk(state, block, 0, asked.steps)
    each = (perf_counter() - started) / asked.steps * 1e3
    parts = ", ".join(f"{n} {s / asked.steps * 1e3:.1f}" for n, s in run.seconds.items())
    if comm.rank == 0:
        print(f"{asked.engine}, {comm.size} processes: {each:.1f} ms a step ({parts})", flush=True)


if __name__ == "__main__":
    main()
