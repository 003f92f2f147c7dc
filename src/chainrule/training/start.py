"""Before the first step: choose the engine, bind it, compile."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engines import Engine, Run, Work, choose
from chainrule.errors import ConfigurationError, UntraceableError
from chainrule.network import Network
from chainrule.sharding import Alone, Summing
from chainrule.step import Data, State, Task
from chainrule.training.plan import Plan
from chainrule.tree import flatten


def work(network: Network, plan: Plan, epochs: int) -> Work:
    """Return the counts that the cost model goes by."""
    steps = epochs * -(-plan.samples // plan.batch_size)
    arrays = len(flatten(network.specs))
    return Work(steps, plan.batch_size, network.count, arrays, len(network.places))


def start(
    engine: str,
    task: Task,
    data: Data,
    plan: Plan,
    state: State,
    work: Work | None = None,
    shards: int = 1,
    comm: Any = None,
) -> tuple[Run, State, str]:
    """Return the run, the state in the engine's arrays, and in one line what runs and why.

    With "auto", a layer that cannot be compiled runs on NumPy, and the line names it.
    """
    blocks = list(plan.cut(np.arange(plan.samples)))  # their shapes are what counts
    one_mesh = comm is not None and comm.one_mesh
    if one_mesh and (shards > 1 or engine == "numpy"):
        what = f"a model that is trained in {shards} shards" if shards > 1 else 'engine="numpy"'
        raise ConfigurationError(f'comm="jax" spreads minibatches with XLA; it cannot have {what}')
    choice = choose("xla" if one_mesh and engine == "auto" else engine, work)

    def bind(engine: Engine) -> Run:
        if one_mesh or (shards == 1 and comm is None):
            return engine.bind(task, data)
        from chainrule.engines.sharded import ShardedRun

        alone: Summing = Alone()

        return ShardedRun(engine, task, data, shards, comm or alone)

    try:
        run = bind(choice.engine)
        live, reason = run.start(state, blocks), choice.reason
    except UntraceableError as error:
        if engine != "auto":
            raise
        run = bind(choose("numpy").engine)
        live, reason = run.start(state, blocks), f"numpy: {error}"
    if run.seconds_to_compile:
        reason += f"; compiled in {run.seconds_to_compile:.2f} s"
    return run, live, reason
