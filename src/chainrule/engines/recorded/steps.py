"""Training steps on NumPy as recorded calls: where it pays, and where it is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from chainrule.description import Description
from chainrule.engines.flat import viewed, without_views
from chainrule.engines.recorded import recorded
from chainrule.metrics import hits
from chainrule.namespace import Array
from chainrule.step import Data, State, Task, step
from chainrule.tree import flatten, replace

AFTER = 10  # steps of a size that run as they stand: to write one down takes as long as 20 gain

Replay = Callable[..., tuple[Any, ...]]


class RecordedSteps:
    """The steps of a task whose parameters are packed in one vector, see `flat.py`."""

    def __init__(self, task: Task, data: Data, counts_hits: bool) -> None:
        self.task, self.data, self.counts_hits = task, data, counts_hits
        self.taken: dict[int, int] = {}  # steps so far, by batch size
        self.known: dict[tuple[int, bool], Replay | None] = {}
        self.allowed = not data.stored and task.augment is None and ours(task)

    def take(self, state: State, block: Array, losses: Array, right: Array | None) -> State | None:
        """Return the state after a step for each row of the block; None where none is recorded.

        The loss and the number of hits of each are written to `losses` and `right`.
        """
        replay = self.replay(state, block)
        if replay is None:
            return None
        now = [copied(value) for value in values(state, state)]  # the caller keeps the state
        for i, rows in enumerate(block):
            *now, losses[i], count = replay(*now, rows)
            if right is not None:
                right[i] = count
        return restored(state, now)

    def replay(self, state: State, block: Array) -> Replay | None:
        """Return the recorded step, once it pays; None where there is none."""
        size = block.shape[1]
        taken = self.taken[size] = self.taken.get(size, 0) + len(block)
        key = size, state.factor is None
        if key not in self.known:
            if not self.allowed or taken <= AFTER:
                return None
            self.known[key] = self.record(state, block[0])
        return self.known[key]

    def record(self, state: State, rows: Array) -> Replay | None:
        def calls(*now: Any) -> list[Any]:
            *mine, rows = now
            data = Data(*map(rows.tape.constant, self.data))
            after, outcome, batch = step(self.task, viewed(restored(state, mine)), data, rows)
            count: Any = 0
            if self.counts_hits:
                count = np.count_nonzero(hits(self.task.loss, outcome.Z, batch.targets))
            return [*values(state, after), outcome.value, count]

        try:
            now = values(state, state)
            return recorded(calls, *now, rows, consumes=range(len(now)))
        except Exception:  # it runs as it stands, where a true error comes again
            return None


def values(template: State, state: State) -> list[Any]:
    """Return what a step changes in a state, in the template's order."""
    running = flatten(dict(state.running))
    return [
        state.params.vector,  # type: ignore[attr-defined]
        *(state.optimizer[slot] for slot in template.optimizer),
        *(running[name] for name in flatten(dict(template.running))),
        state.step,
        *([] if state.factor is None else [state.factor]),
    ]


def copied(value: Any) -> Any:
    """Return an array of its own, or the number that it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


def restored(template: State, now: list[Any]) -> State:
    """Return the state of such values."""
    left, running = iter(now), dict(template.running)
    return State(
        params=without_views(template.params, next(left)),
        optimizer={slot: next(left) for slot in template.optimizer},
        running=replace(running, {name: next(left) for name in flatten(running)}),
        step=next(left),
        factor=None if template.factor is None else next(left),
    )


def ours(value: Any) -> bool:
    """Say whether all of it comes with chainrule, so that its code may run once for many steps.

    What a user has written may print, count, or look at its arrays, and runs as it stands.
    """
    if isinstance(value, Description):
        inner = [getattr(value, f.name) for f in fields(value)]  # type: ignore[arg-type]
        return type(value).__module__.startswith("chainrule.") and ours(tuple(inner))
    if isinstance(value, tuple):
        return all(map(ours, value))
    return not callable(value)
