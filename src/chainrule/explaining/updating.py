"""The update: what the optimizer would do to every parameter; the model stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.explaining.figures import scalar
from chainrule.explaining.naming import renamed
from chainrule.explaining.page import Block, Line, Note, Section
from chainrule.explaining.source import code_for
from chainrule.explaining.trace import numbers_of
from chainrule.explaining.writer import Writer
from chainrule.formulas import evaluate, letters_in, parse, samples_of
from chainrule.optimizers import Optimizer, Rule
from chainrule.step import State, Task, update
from chainrule.tree import flatten, map_leaves


def updating(writer: Writer, task: Task, state: State) -> Section:
    """Write the optimizer's lines for every parameter that learns."""
    optimizer = task.optimizer
    exact = map_leaves(lambda v: np.asarray(v, np.float64), state.optimizer)
    start = State(writer.params, writer.running, exact, state.step)
    after = update(task, start, writer.trace.gradients, writer.running)
    blocks: list[Block] = []
    held, seen = [], set()
    for i in reversed(range(len(writer.trace.records))):
        for parameter in writer.trace.records[i].params:
            path = writer.parameter_path(i, parameter)
            if path in seen:
                continue  # shared, and updated once
            seen.add(path)
            if task.trainable is not None and path not in task.trainable:
                held.append(writer.plain(writer.naming.records[i][parameter]))
                continue
            if not isinstance(optimizer, Rule):
                continue  # what a wrapper does to all gradients together is no line of one
            if writer.board.per_layer:
                blocks.append(Note(path))
            blocks += parameter_lines(writer, optimizer, start, i, parameter, path)
    if held:
        blocks.append(Note(f"Held fixed: {', '.join(held)}."))
    blocks.append(Note(effect(writer, writer.loss_at(after.params, writer.trace.X))))
    rule = rule_in_words(writer, optimizer) if isinstance(optimizer, Rule) else repr(optimizer)
    return Section("UPDATE", tuple(blocks), remark=rule)


def effect(writer: Writer, after: float) -> str:
    """Say where the loss of these samples would go."""
    before = writer.trace.value
    direction = "fall" if after < before else "rise" if after > before else "stay"
    many = "this sample" if writer.samples == 1 else "these samples"
    moved = f"{direction} from {scalar(before)} to {scalar(after)}"
    if direction == "stay":
        moved = f"stay at {scalar(before)}"
    return f"{writer.plain(writer.total)} on {many} would {moved}; the model stays as it was."


def parameter_lines(
    writer: Writer, optimizer: Optimizer, state: State, i: int, parameter: str, path: str
) -> list[Line]:
    """Return the lines of one parameter's update, W₂′ last."""
    record, name = writer.trace.records[i], writer.naming.records[i][parameter]
    notation = writer.board.backward
    gradient = flatten(writer.trace.gradients)[path]
    slots = {n: np.asarray(v, float) for n, v in node_at(state.optimizer, path).items()}
    scalars = {
        **numbers_of(optimizer),
        "learning_rate": float(optimizer.rate(state.step)),
        "t": float(state.step + 1),
    }
    values: dict[str, Any] = {**scalars, **slots, "p": record.params[parameter], "g": gradient}
    names = {"p": name, "g": f"d{name}", **{slot: f"{slot}_{name}" for slot in slots}}
    code = code_for(optimizer, ("rule",), ran=lambda: update(
        Task(writer.network, writer.trace.loss, optimizer), state, writer.trace.gradients, {}
    ))  # fmt: skip
    lines = []
    for left, formula in optimizer.formulas.update.items():
        expression = parse(formula)
        result = evaluate(expression, values)
        new = f"{name}′" if left == "p" else names.get(left, f"{left}_{name}")
        new += "′" if left in slots else ""
        arrays = {
            names.get(letter, letter): turned(writer, values[letter], letter, parameter, notation)
            for letter in letters_in(expression)
        }
        given = frozenset({names["p"], *scalars, *(names[s] for s in slots if not slots[s].any())})
        lines.append(
            Line(new, (renamed(expression, names),), arrays,
                 turned(writer, result, left, parameter, notation), {}, samples_of(notation),
                 code if left == "p" else None,
                 path=path if left == "p" else "", given=given)
        )  # fmt: skip
        values[left], names[left] = result, new
    return lines


def turned(writer: Writer, value: Any, letter: str, parameter: str, notation: str) -> Any:
    """Return an array of the update as its parameter lies on the board; numbers do not turn."""
    if np.ndim(value) == 0:
        return np.float64(value)
    return writer.turned(value, parameter, notation)


def rule_in_words(writer: Writer, optimizer: Optimizer) -> str:
    """Return the rule for any parameter: p′ = p − η·dp."""
    return "p′ = " + writer.text(
        renamed(parse(optimizer.formulas.update["p"]), {"g": "dp"})
    ).replace(writer.plain("dp"), "dp")


def node_at(tree: Mapping[str, Any], path: str) -> Any:
    """Return what lies at a dotted path of a tree."""
    node: Any = tree
    for name in path.split("."):
        node = node[name]
    return node
