"""The engine that compiles the step: the same lines, traced by JAX, run by XLA.

A chunk of minibatches is one program: a `fori_loop` over rows of the epoch's index block. First row
and number of rows are arguments, so chunks of any length share one compilation and give the
same bits as single steps. The last, smaller minibatch of an epoch is a second program of its own
size; it is never padded, since padding would change batch statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import prod
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chainrule.alignment import aligned
from chainrule.engines.base import Report
from chainrule.engines.client import is_small, one_thread_device
from chainrule.engines.compiling import compiled, options, traced, traced_with
from chainrule.engines.device import (
    compile_cache,
    failures_explained,
    find_devices,
    fits,
    on_device,
)
from chainrule.engines.footprint import rows_at_once
from chainrule.engines.layout import Layout
from chainrule.engines.mesh import Mesh
from chainrule.engines.pieces import Pieces
from chainrule.engines.turns import LITTLE, turn
from chainrule.initializers import Shape
from chainrule.layers.base import Context, Layer
from chainrule.metrics import has_accuracy, hits
from chainrule.namespace import Array
from chainrule.step import Data, State, Task, feed, predicting, step
from chainrule.tree import finite, in_order_of

STEPS_AT_ONCE = 4096  # length of a chunk's report

Program = Callable[[State, Data, Array, int, int], tuple[State, Array, Array]]
PROGRAMS: dict[Any, Program] = {}  # compiled once per process for a task and its shapes
SECONDS: dict[Program, float] = {}  # that a step of each took last


def run_steps(
    task: Task,
    layout: Layout,
    part: Callable[[Array], Array],
    counts_hits: bool,
    state: State,
    data: Data,
    block: Array,
    start: Any,
    count: Any,
) -> tuple[State, Array, Array]:
    """Run `count` steps from row `start` of the block; return the state, losses and hits.

    `part` marks the indices of a minibatch that several devices share. Each step feeds the next
    one, so that samples are fetched while little else goes on.
    """
    capacity = min(STEPS_AT_ONCE, block.shape[0])

    def indices(i: Any) -> Array:
        return part(block[jnp.minimum(start + i, block.shape[0] - 1)])  # after the last, anything

    def body(i: Any, carry: Any) -> Any:
        state, batch, losses, right = carry
        following = feed(task, data, indices(i + 1), state.step + 1)
        state, outcome, _ = step(task, state, data, indices(i), layout.arrangement, batch)
        losses = losses.at[i].set(outcome.value)
        if counts_hits:
            right = right.at[i].set(hits(task.loss, outcome.Z, batch.targets).sum(dtype=jnp.int32))
        return state, following, losses, right

    batch = feed(task, data, indices(0), state.step)
    report = jnp.zeros(capacity, task.dtype), jnp.zeros(capacity, jnp.int32)
    state, _, losses, right = jax.lax.fori_loop(0, count, body, (state, batch, *report))
    return state, losses, right


def layout_on(device: Any, task: Task, shape: Shape, one_thread: bool = False) -> Layout:
    """Return how weights lie on a device: turned on a CPU, elsewhere as the formulas have them."""
    return Layout(task, shape if device.platform == "cpu" else None, one_thread)


def forward(network: Layer, dtype: str, params: Any, running: Any, X: Array) -> Array:
    """Return the network's output."""
    return network.forward(params, X.astype(dtype), Context(state=running))[0]


@cache
def predictor() -> Callable[..., Array]:
    """Return `forward`, compiled once per network and shape."""
    program: Callable[..., Array] = traced(forward, static_argnums=(0, 1))
    return program


class XlaRun:
    """A task on a mesh. Data that fits lies on each device; larger data is sent piece by piece.

    Small steps run on `narrow`, a mesh of one thread, where there is one; predictions never do.
    """

    def __init__(self, task: Task, data: Data, wide: Mesh, narrow: Mesh | None = None) -> None:
        self.task, self.host, self.wide, self.narrow = task, data, wide, narrow
        self.mesh = wide  # until `start` knows how large a step is
        self.layout = layout_on(wide.device, task, data.X.shape[1:])
        self.options = options(task.network, data.X.shape[1:])
        self.counts_hits = task.accuracy and has_accuracy(task.loss, data.targets)
        self.seconds_to_compile = 0.0
        self.seconds_a_step: float | None = None
        self.first: Any = None  # the state that came in: its order of names is kept
        self.resident = fits(data, wide)
        self.block: Array | None = None
        self.device_block: Any = None
        self.programs: dict[Any, Program] = {}  # by what can differ within a run
        self.data: Any = None
        self.pieces = None if self.resident else Pieces(data, padded=True)
        self.piece: tuple[Any, Any, Any] = (None, None, None)  # host's, the device's, its rows

    def _here(self) -> Any:
        return failures_explained(self.mesh.device, x64=self.task.dtype == "float64")

    def start(self, state: State, blocks: Sequence[Array]) -> State:
        self.first = state
        if blocks:  # none where a callback has replaced the state of a running training
            self._settle(state, max(block.shape[1] for block in blocks))
        with self._here():
            turned = self.layout.turned(state._replace(step=np.int32(state.step)))
            live: State = self.mesh.put(turned)
            programs = [self._program(live, *self._piece(block, 0)[:2]) for block in blocks]
        if programs:
            self.seconds_a_step = SECONDS.get(programs[0])
        return live

    def _settle(self, state: State, batch_size: int) -> None:
        """Choose where the steps run, and place the data there."""
        if self.narrow and is_small(self.task, state, self.host.X.shape[1:], batch_size):
            self.mesh = self.narrow
        with self._here():
            self.data = on_device(self.host, self.mesh) if self.resident else None

    def finish(self, state: State) -> State:
        with self._here():
            home = self.layout.turned(jax.tree.map(np.asarray, state))
            home = jax.tree.map(lambda a: np.array(a, order="C"), home)
        trees = ("params", "running", "optimizer")  # JAX sorts names, and "10" comes before "2"
        ordered = {n: in_order_of(getattr(self.first, n), getattr(home, n)) for n in trees}
        return home._replace(step=int(home.step), **ordered)

    def finite(self, state: State) -> bool:
        with self._here():
            return finite(self.mesh.here(state.params))

    def chunk(self, state: State, block: Array, start: int, count: int) -> tuple[State, Report]:
        reports, done, started = [], 0, perf_counter()
        with self._here():
            while done < count:  # pieces are gathered while the device still works on the last one
                data, rows, first = self._piece(block, start + done)
                at = start + done - first
                n = min(count - done, STEPS_AT_ONCE, rows.shape[0] - at)
                program = self._program(state, data, rows)
                state, *report = program(state, data, rows, at, n)
                reports.append((n, report))
                done += n
            losses = np.concatenate([np.asarray(r[0])[:n] for n, r in reports])
            right = np.concatenate([np.asarray(r[1])[:n] for n, r in reports])
        SECONDS[program] = (perf_counter() - started) / count
        return state, Report(losses, right if self.counts_hits else None)

    def outputs(self, state: State, X: Array) -> Array:
        if self.mesh is self.narrow:
            state = jax.tree.map(np.asarray, state)
        with failures_explained(self.wide.device, x64=self.task.dtype == "float64"):
            home = self.layout.turned(self.mesh.here(state))
            state = predicting(self.task.optimizer, home)
            return blockwise(self.task.network, state, X, self.task.dtype, self.wide.samples)

    def _piece(self, block: Array, step: int) -> tuple[Data, Any, int]:
        """Return data on the device, the index block into it, and the step that it begins with."""
        if self.pieces is None:
            if block is not self.block:
                self.block = block
                self.device_block = self.mesh.put(aligned(block.astype(np.int32)))
            return self.data, self.device_block, 0
        host, first = self.pieces.at(block, step)
        if host is not self.piece[0]:
            rows = np.arange(len(host.X), dtype=np.int32).reshape(-1, block.shape[1])
            self.piece = (host, *self.mesh.put((host, rows)))
        return self.piece[1], self.piece[2], first

    def _program(self, state: State, data: Data, block: Any) -> Program:
        """Return the compiled program for these shapes; compile it where it is new."""
        here = (block.shape, data.X.shape, state.factor is None)
        if here not in self.programs:
            shapes = jax.tree.map(lambda a: (a.shape, str(a.dtype)), (state, data, block))
            key = (self.task, self.counts_hits, self.mesh.whole, str(shapes))
            if key not in PROGRAMS:
                started = perf_counter()
                steps = partial(run_steps, self.task, self.layout, self.mesh.part, self.counts_hits)
                out = self.mesh.whole if self.mesh.size > 1 else None
                run = traced(steps, "1" if self.mesh is self.narrow else "", out_shardings=out)
                lowered = run.lower(state, data, block, 0, 1)
                PROGRAMS[key] = compiled(lowered, self.mesh.device, self.options)
                self.seconds_to_compile += perf_counter() - started
            self.programs[here] = PROGRAMS[key]
        return self.programs[here]


def blockwise(
    network: Layer,
    state: State,
    X: Array,
    dtype: str,
    place: Callable[[Array], Any] = lambda block: block,
) -> Array:
    """Return the network's output as NumPy, block by block."""
    rows, predict = rows_at_once(network, X.shape[1:]), predictor()
    parts = [
        predict(network, dtype, state.params, state.running, place(X[i : i + rows]))
        for i in range(0, len(X), rows) or (0,)
    ]
    return np.concatenate([np.asarray(part) for part in parts])


class XlaEngine:
    """XLA on the CPU, on GPUs or TPUs: a training uses all of them.

    Raises EngineError for a device that is not there.
    """

    def __init__(self, platform: str = "") -> None:
        compile_cache()
        self.mesh = Mesh(find_devices(platform))
        self.device = self.mesh.device
        self.name = f"xla:{platform}" if platform else "xla"
        alone = self.mesh.size == 1 and self.device.platform == "cpu"
        device = one_thread_device() if alone else None
        self.narrow = None if device is None else Mesh([device])

    def bind(self, task: Task, data: Data) -> XlaRun:
        return XlaRun(task, data, self.mesh, self.narrow)

    def layout(self, task: Task, shape: Shape) -> Layout:
        return layout_on(self.device, task, shape, one_thread=True)  # each process has one

    def in_place(self, task: Task) -> Task:
        return task  # XLA writes over what a function `consumes`

    def compiled(
        self, function: Callable[..., Any], task: Task, shape: Shape, consumes: Sequence[int] = ()
    ) -> Callable[..., Any]:
        given = options(task.network, shape)
        program = traced_with(given, self.device, function, donate_argnums=tuple(consumes))

        def run(*arguments: Any) -> Any:
            with failures_explained(self.device, x64=task.dtype == "float64"):
                return program(*arguments)

        return run

    def outputs(self, network: Layer, state: State, X: Array, dtype: str) -> Array:
        with turn(prod(X.shape) < LITTLE), failures_explained(self.device, x64=dtype == "float64"):
            return blockwise(network, state, X, dtype)


@cache  # a prediction of one row asks, and takes 150 µs
def engine_in(process: int, platform: str) -> XlaEngine:
    """Return the engine of this process, made once; a forked process is another one."""
    return XlaEngine(platform)
