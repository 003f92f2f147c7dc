"""The matrix form: feed, forward, error, backpropagate and update, line by line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.explaining.figures import scalar
from chainrule.explaining.page import Block, Line, Note, Section
from chainrule.explaining.source import code_for
from chainrule.explaining.writer import Writer, numbers_of
from chainrule.formulas import Letter, render, run, samples_of
from chainrule.network import FUSED
from chainrule.optimizers import Optimizer
from chainrule.step import State
from chainrule.tree import flatten


def feed(writer: Writer) -> Section:
    """Write what goes in: the samples and their targets."""
    forward, board = writer.board.forward, writer.board
    X = writer.turned(writer.trace.X, "X", forward)
    Y = writer.turned(writer.trace.targets, "Y", forward)
    first = writer.naming.records[0]["X"]
    lines: list[Block] = [Line(first, (), {}, X), Line(board.target, (), {}, Y)]
    if writer.weight is None:
        lines.append(Note(f"samples count with weights {writer.trace.weights.round(4).tolist()}"))
    return Section("FEED", tuple(lines))


def forward(writer: Writer) -> Section:
    """Every layer's forward lines; a function is defined where it first appears."""
    blocks: list[Block] = []
    defined: set[str] = set()
    for i, record in enumerate(writer.trace.records):
        if writer.board.per_layer:
            blocks.append(Note(f'{record.layer!r} at "{record.path}"'))
        for line in writer.forward(i):
            new = [n for n in record.layer.formulas.functions if n not in defined]
            defined.update(new)
            remark = "; ".join(definition(n, record.layer, writer) for n in new)
            blocks.append(replace(line, remark=remark))
    return Section("FORWARD", tuple(blocks))


def definition(name: str, layer: Any, writer: Writer) -> str:
    """Return `σ(x) = 1/(1 + e⁻ˣ)` for a function that a layer names, if that says more."""
    function = layer.formulas.functions[name]
    shown = render(function.definition, letters=writer.letters)
    if shown == f"{function.unicode}(x)":
        return ""
    return f"{function.unicode}(x) = {shown}"


def error(writer: Writer) -> Section:
    """Write the loss, and what its scale hides."""
    loss = writer.trace.loss
    hidden = []
    if writer.samples > 1 and writer.weight is not None:
        scale = "1/m: the mean over" if loss.reduction == "mean" else "the sum over"
        hidden.append(f"{scale} {writer.samples} samples")
    return Section("ERROR", tuple(writer.error()), remark="; ".join(hidden))


def backpropagate(writer: Writer) -> Section:
    """From the loss back to the input vector."""
    slope = writer.slope()
    blocks: list[Block] = [*the_long_way(writer), slope]
    if getattr(writer.trace.loss, "scale", "") == "half":
        blocks[-1] = replace(slope, remark="½ cancels the 2")
    for i in reversed(range(len(writer.trace.records))):
        if writer.board.per_layer:
            record = writer.trace.records[i]
            blocks.append(Note(f'{record.layer!r} at "{record.path}"'))
        blocks += writer.backward(i)
    return Section(
        "BACKPROPAGATE",
        tuple(blocks),
        remark="each line takes the one above and one more derivative",
    )


def the_long_way(writer: Writer) -> list[Block]:
    """For a loss on logits, the two derivatives whose product it takes in one step."""
    loss = writer.trace.loss
    for (link, plain), fused in FUSED.items():
        if type(loss) is not fused:
            continue
        A = loss.predictions(writer.trace.records[-1].values["Y"])
        values = {**writer.loss_values(), "A": A}
        unfused, layer = plain(reduction=loss.reduction), link()
        _, dA = unfused(A, writer.trace.targets, writer.trace.weights)
        dZ, _ = layer.backward({}, A, dA)
        names = {**writer.naming.loss, "X": writer.naming.loss["Z"]}
        first = writer.loss_line(
            "dA", unfused.formulas.backward["dZ"].replace("Z", "A"), {**values, "dA": dA}, names
        )
        back = layer.formulas.backward["dX"].replace("Y", "A").replace("X", "Z")
        second = writer.loss_line(
            "dZ", back, {**values, "dA": dA, "dZ": dZ}, names, layer.formulas.functions,
            {"A": layer.formulas.forward["Y"].replace("X", "Z")},
        )  # fmt: skip
        note = "The long way, over the probabilities; the next line is the same in one step."
        return [Note(note), first, second, Note("In one step:")]
    return []


def update(writer: Writer, optimizer: Optimizer, state: State) -> Section:
    """Write what an update would do to every parameter; the model stays as it was."""
    rule = optimizer.formulas.update
    rate = optimizer.rate(state.step)
    params, slots = flatten(writer.params), state.optimizer
    gradients = flatten(writer.trace.gradients)
    scalars = {**numbers_of(optimizer), "learning_rate": float(rate), "t": float(state.step + 1)}
    new, _ = optimizer.update(writer.params, writer.trace.gradients, slots, state.step)
    moved = flatten(new)
    blocks: list[Block] = []
    if len(rule) > 1:
        lines = [f"{render(Letter(n))} ← {render(f)}" for n, f in rule.items()]
        blocks.append(Note("for each p with gradient g:  " + ",  ".join(lines)))
    for i in reversed(range(len(writer.trace.records))):
        record, names = writer.trace.records[i], writer.naming.records[i]
        for parameter in record.params:
            path = f"{record.path}.{parameter}" if record.path else parameter
            own = node_at(slots, path)
            values = run(
                {n: f for n, f in rule.items() if n != "p"},
                {**scalars, **{n: v.astype(float) for n, v in own.items()},
                 "p": params[path], "g": gradients[path]},
            )  # fmt: skip
            page = {"p": names[parameter], "g": f"d{names[parameter]}"}
            blocks.append(
                writer.update_line(parameter, page, rule["p"], values, moved[path], path, optimizer)
            )
    after = writer.loss_at(new, writer.trace.X)
    direction = "fall" if after < writer.trace.value else "rise"
    many = "this sample" if writer.samples == 1 else "these samples"
    loss = writer.plain("L" if writer.samples == 1 else "J")
    blocks.append(
        Note(
            f"{loss} on {many} would {direction} from {scalar(writer.trace.value)} to "
            f"{scalar(after)}; the model stays as it was."
        )
    )
    return Section("UPDATE", tuple(blocks), remark=render_rule(rule["p"]))


def render_rule(formula: str) -> str:
    """Return the rule for any parameter: p′ = p − η·dp."""
    return "p′ = " + render(formula).replace("g", "dp")


def node_at(tree: Any, path: str) -> Any:
    """Return what lies at a dotted path of a tree."""
    for name in path.split("."):
        tree = tree[name]
    return tree


def code(writer: Writer) -> Section:
    """Write the lines of source that ran, and how they lie against the board."""
    found = {}
    for record in writer.trace.records:
        for methods in (("forward",), ("backward",), ("parameter_gradients", "backward")):
            line = code_for(record.layer, methods)
            if line is not None:
                found[line.place] = line
    lines = tuple(Note(f"{place}  {line.text}") for place, line in sorted(found.items()))
    rows = samples_of(writer.board.forward) == "rows"
    remark = "" if rows else "keeps samples in rows: its X is Xᵀ here"
    if writer.board.forward == "columns":
        remark += ", its W is Wᵀ here"
    return Section("CODE", lines, remark=remark)


def title(network_sizes: list[int], activations: list[str], loss: str, rate: Any) -> str:
    """Return the page's title: Network 2-2-1, sigmoid, half squared error, η = 0.5."""
    parts = ["Network " + "-".join(map(str, network_sizes)), *dict.fromkeys(activations), loss]
    if isinstance(rate, int | float | np.floating):
        parts.append(f"η = {float(rate):g}")
    return ", ".join(parts)
