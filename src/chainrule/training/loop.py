"""The training loop: one generator of chunks, which `fit` and `steps` both walk."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import NamedTuple

import numpy as np

from chainrule.engines.base import Run
from chainrule.errors import ChainruleError
from chainrule.namespace import Array
from chainrule.step import State
from chainrule.training.callbacks.base import Training, wants_steps
from chainrule.training.plan import Pace, Plan
from chainrule.training.signals import WORDS, listening

LOOK_EVERY = 100  # steps between two looks at the weights, which a loss may not show


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


def walk(
    run: Run, state: State, plan: Plan, epochs: range, pace: Pace, position: int = 0
) -> Iterator[Chunk]:
    """Yield chunk after chunk of the given epochs; a chunk never crosses an epoch.

    `position` counts the samples of the first epoch that an earlier run has done. Raises
    DivergenceError when a loss is not finite, with the state before that chunk.
    """
    for epoch in epochs:
        for block in plan.blocks(epoch):
            done = min(position // block.shape[1], len(block))
            position -= done * block.shape[1]
            while done < len(block):
                count = pace.next(len(block) - done)
                after, report = run.chunk(state, block, done, count)
                pace.done(count)
                indices = block[done : done + count]
                if not np.isfinite(report.losses).all():
                    bad = int((~np.isfinite(report.losses)).argmax())
                    raise DivergenceError(
                        f"the loss became {report.losses[bad]} in epoch {epoch + 1}, "
                        f"at step {int(state.step) + bad + 1}",
                        state,
                        indices,
                    )
                yield Chunk(epoch, state, after, indices, report.losses, report.hits)
                state, done = after, done + count


def train(
    training: Training,
    run: Run,
    state: State,
    plan: Plan,
    validate: Callable[[State], dict[str, float]],
    keep: Callable[[State], None],
) -> None:
    """Train until the last epoch, Ctrl-C, a `stop` or an error; `keep` is told each new state.

    `training` says where to begin, which after a resumption lies within an epoch.
    """
    history, callbacks, earlier = training.history, training.callbacks, state
    comm = training.comm
    good, looked = state, training.step  # the last state whose weights were looked at

    def current(state: State) -> State:
        """Return the state, or the one that a callback has put in its place."""
        if training.replaced:
            training.replaced = False
            state = run.start(training.model.state, ())
            keep(state)
        return state

    def interrupt(number: int | None) -> None:
        """End the training because of a signal, if there was one, in whichever process."""
        (number,) = comm.most(number or 0)
        if number and training.signal is None:
            training.signal = number
            word = WORDS[signal.Signals(number)]
            history.stopped = f"{word} in epoch {training.epoch + 1}; the weights are kept"

    def stopped() -> bool:
        """Say whether the training is to end; one process that stops stops all."""
        if comm.most(bool(history.stopped))[0] and not history.stopped:
            history.stopped = "stopped by another process"
        return bool(history.stopped)

    def agreed(steps: int) -> int:
        """Return the first process's number of steps."""
        return comm.most(steps if training.leader else 0)[0]

    for callback in callbacks:
        callback.on_start(training)
    state, indices = current(state), np.empty((0, 1), int)
    with listening() as asked:
        try:
            pauses = [c.pause_every for c in callbacks if c.pause_every]
            pace = Pace(
                fixed=1 if wants_steps(callbacks) else None,
                taken=training.step,
                pauses=pauses,
                agreed=agreed,
                each=run.seconds_a_step,
            )
            while training.epoch < training.last and not stopped():
                epoch, started = training.epoch, perf_counter() - training.seconds
                chunks = walk(run, state, plan, range(epoch, epoch + 1), pace, training.position)
                for chunk in chunks:
                    earlier, state, indices = state, chunk.after, chunk.indices
                    keep(state)
                    count(training, chunk)
                    if training.step - looked >= LOOK_EVERY:
                        if not run.finite(state):
                            raise spoilt(training, looked, earlier, indices)
                        good, looked = state, training.step
                    training.seconds = perf_counter() - started
                    interrupt(asked.number)
                    for callback in callbacks:
                        callback.on_step(training)
                        callback.on_chunk(training)
                    if stopped():
                        return
                training.values = curves(training) | validate(state)
                history.add(training.values, perf_counter() - started)
                training.epoch, training.position = epoch + 1, 0
                training.loss_sum, training.hits, training.seconds = 0.0, None, 0.0
                if training.epoch < training.last:
                    interrupt(asked.number)
                for callback in callbacks:
                    callback.on_epoch(training)
                state = current(state)
            # Where nothing looks at a weight any more, the loss may stay finite to the end.
            if training.step and not run.finite(state):
                raise spoilt(training, looked, earlier, indices)
        except DivergenceError as error:
            # A finite loss may still have made an update that was not.
            if not run.finite(state):
                keep(earlier if run.finite(earlier) else good)
                if run.finite(earlier):  # then it is there that the first bad number came
                    raise DivergenceError(str(error), earlier, indices) from None
            raise
        except KeyboardInterrupt:
            if comm.size > 1:  # the others may be waiting for this one
                comm.abort(128 + signal.SIGINT)
            training.signal = signal.SIGINT
            history.stopped = f"interrupted in epoch {training.epoch + 1}; the weights are kept"
        finally:
            for callback in callbacks:
                callback.on_end(training)


def spoilt(training: Training, looked: int, earlier: State, indices: Array) -> DivergenceError:
    """Return the error for weights that are not finite while the loss still is."""
    return DivergenceError(
        f"weights are not finite at step {training.step} (at step {looked} they were, and no loss "
        f"has shown it since)",
        earlier,
        indices,
    )


def count(training: Training, chunk: Chunk) -> None:
    """Add a chunk to the epoch's counts.

    Losses are added strictly one after the other, so that the sum does not depend on the lengths of
    the chunks: a resumed training writes the same history, bit by bit.
    """
    summed = training.model.loss.reduction == "sum"  # then an epoch's loss is Σ over the samples
    each = 1 if summed else chunk.indices.shape[1]
    for loss in chunk.losses.tolist():  # NumPy's sum goes by pairs
        training.loss_sum += loss * each
    training.position += chunk.indices.size
    training.step += len(chunk.indices)
    if chunk.hits is not None:
        training.hits = (training.hits or 0) + int(chunk.hits.sum())
    training.values = curves(training)


def curves(training: Training) -> dict[str, float]:
    """Return the epoch's loss so far, and the accuracy where there is one."""
    scale = training.samples if training.model.loss.reduction == "sum" else 1
    values = {"loss": training.loss_sum * scale / training.position}
    if training.hits is not None:
        values["accuracy"] = training.hits / training.position
    return values
