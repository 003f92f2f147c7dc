"""The training loop: one generator of chunks, which `fit` and `steps` both walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np

from chainrule.engines.base import Run
from chainrule.errors import ChainruleError
from chainrule.namespace import Array
from chainrule.step import State
from chainrule.training.callbacks import Callback, Training, wants_steps
from chainrule.training.plan import Pace, Plan
from chainrule.tree import flatten


class Chunk(NamedTuple):
    """Some steps that have been taken: the states around them, and what each minibatch said."""

    epoch: int
    before: State
    after: State
    indices: Array
    losses: Array
    hits: Array | None


class DivergenceError(ChainruleError, ArithmeticError):
    """A loss that is no finite number; `state` and `indices` replay the chunk in which it came."""

    def __init__(self, message: str, state: State, indices: Array) -> None:
        super().__init__(message)
        self.state, self.indices = state, indices

    def explained(self, where: str, advice: str) -> DivergenceError:
        """Return the same error with the place, and what to do."""
        return DivergenceError(f"{self}: {where}. To mend it: {advice}", self.state, self.indices)


def walk(run: Run, state: State, plan: Plan, epochs: range, pace: Pace) -> Iterator[Chunk]:
    """Yield chunk after chunk of the given epochs; a chunk never crosses an epoch.

    Raises DivergenceError when a loss is not finite, with the state before that chunk.
    """
    for epoch in epochs:
        for block in plan.blocks(epoch):
            position = 0
            while position < len(block):
                count = min(pace.next(), len(block) - position)
                after, report = run.chunk(state, block, position, count)
                pace.done(count)
                indices = block[position : position + count]
                if not np.isfinite(report.losses).all():
                    bad = int((~np.isfinite(report.losses)).argmax())
                    raise DivergenceError(
                        f"the loss became {report.losses[bad]} in epoch {epoch + 1}, "
                        f"at step {int(state.step) + bad + 1}",
                        state,
                        indices,
                    )
                yield Chunk(epoch, state, after, indices, report.losses, report.hits)
                state, position = after, position + count


def train(
    training: Training,
    run: Run,
    state: State,
    plan: Plan,
    callbacks: Sequence[Callback],
    validate: Callable[[State], dict[str, float]] | None,
    keep: Callable[[State], None],
) -> None:
    """Train until the last epoch, Ctrl-C, a `stop` or an error; `keep` is told each new state."""
    history, earlier = training.history, state
    summed = training.model.loss.reduction == "sum"  # then an epoch's loss is Σ over the samples
    pace = Pace(fixed=1) if wants_steps(callbacks) else Pace()
    first = training.epoch
    for callback in callbacks:
        callback.on_start(training)
    try:
        for epoch in range(first, first + training.epochs):
            started = perf_counter()
            training.epoch, training.position = epoch, 0
            total = right = 0.0
            for chunk in walk(run, state, plan, range(epoch, epoch + 1), pace):
                earlier, state = state, chunk.after
                keep(state)
                total += float(chunk.losses.sum()) * (1 if summed else chunk.indices.shape[1])
                training.position += chunk.indices.size
                training.step += len(chunk.indices)
                seen = training.position
                training.values = {"loss": total * (plan.samples if summed else 1) / seen}
                if chunk.hits is not None:
                    right += float(chunk.hits.sum())
                    training.values["accuracy"] = right / training.position
                for callback in callbacks:
                    callback.on_step(training)
                    callback.on_chunk(training)
            training.epoch = epoch + 1
            if validate is not None:
                scores = validate(state)
                training.values |= {f"validation_{name}": v for name, v in scores.items()}
            history.add(training.values, perf_counter() - started)
            for callback in callbacks:
                callback.on_epoch(training)
            if history.stopped:
                break
    except DivergenceError:
        # A finite loss may still have made an update that was not.
        if not all(np.isfinite(p).all() for p in flatten(run.finish(state).params).values()):
            keep(earlier)
        raise
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {training.epoch + 1}; the weights are kept"
    finally:
        for callback in callbacks:
            callback.on_end(training)
