"""The matrix form: feed, forward, error and backpropagate, line by line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explaining.figures import is_written_out
from chainrule.explaining.naming import page_name, renamed
from chainrule.explaining.nudge import digits
from chainrule.explaining.page import Block, Code, Equation, Line, Note, Section
from chainrule.explaining.source import code_for
from chainrule.explaining.trace import Record
from chainrule.explaining.writer import Writer
from chainrule.formulas import Letter, expand, parse, renote, substitute
from chainrule.network import FUSED
from chainrule.tree import flatten


def feed(writer: Writer) -> Section:
    """Write what goes in: the samples, their targets, and parameters too large for a line."""
    forward, board = writer.board.forward, writer.board
    X = writer.turned(writer.trace.X, "X", forward)
    Y = writer.turned(writer.trace.targets, "Y", forward)
    first = writer.naming.records[0]["X"]
    lines: list[Block] = [_given(first, X), _given(board.target, Y)]
    for record, names in zip(writer.trace.records, writer.naming.records, strict=True):
        for parameter, value in record.params.items():
            value = writer.turned(value, parameter, forward)
            if not is_written_out(value) and not board.per_layer:
                lines.append(_given(names[parameter], value))
    if writer.weight is None:
        weights = ", ".join(f"{w:.4g}" for w in writer.trace.weights)
        lines.append(Note(f"The samples count with the weights w = {weights}."))
    modes = [n for n in map(_name, writer.trace.records) if n in ("Dropout", "BatchNorm")]
    if modes:
        said = {"Dropout": "Dropout is off", "BatchNorm": "BatchNorm takes its running averages"}
        words = " and ".join(said[n] for n in dict.fromkeys(modes))
        lines.append(Note(f"A pass in inference mode: {words}."))
    return Section("FEED", tuple(lines))


def _name(record: Record) -> str:
    return type(record.layer).__name__


def _given(name: str, value: np.ndarray) -> Line:
    return Line(name, (), {}, value, given=frozenset({name}))


def forward_lines(writer: Writer, i: int) -> list[Line]:
    """Return the lines that layer i adds to the forward pass."""
    record, notation = writer.trace.records[i], writer.board.forward
    code = code_for(record.layer, ("forward",))
    stated = {n: f for n, f in record.formulas.forward.items() if n in record.values}
    lines = [writer.layer_line(i, name, f, notation, code) for name, f in stated.items()]
    return lines if "Y" in stated else [*lines, writer.unstated(i, "Y", notation, code)]


def forward(writer: Writer) -> Section:
    """Every layer's forward lines; a function is defined where it first appears."""
    blocks: list[Block] = []
    defined: set[str] = set()
    for i, record in enumerate(writer.trace.records):
        lines = forward_lines(writer, i)
        if writer.board.per_layer or "Y" not in record.formulas.forward:
            blocks.append(_layer(writer, i))
        for line in lines:
            new = [n for n in record.formulas.functions if n not in defined]
            defined.update(new)
            words = [line.remark, *(definition(n, record.layer, writer) for n in new)]
            blocks.append(replace(line, remark="; ".join(w for w in words if w)))
    return Section("FORWARD", tuple(blocks))


def _layer(writer: Writer, i: int) -> Note:
    record = writer.trace.records[i]
    shapes = " → ".join("×".join(map(str, record.values[n].shape)) for n in "XY")
    said = "" if record.formulas.forward else f", {shapes}: shown as one step"
    return Note(f'{record.layer!r} at "{record.path}"{said}')


def definition(name: str, layer: object, writer: Writer) -> str:
    """Return `σ(x) = 1/(1 + e⁻ˣ)` for a function that a layer names, if that says more."""
    function = layer.formulas.functions[name]  # type: ignore[attr-defined]
    argument = "x" if writer.board.per_layer else "z"
    shown = writer.text(substitute(parse(function.definition), {"x": Letter(argument)}))
    if shown == f"{function.unicode}({argument})":
        return ""
    return f"{function.unicode}({argument}) = {shown}"


def error(writer: Writer) -> Section:
    """Write the loss, and what its scale hides."""
    loss = writer.trace.loss
    hidden = []
    if writer.samples > 1 and writer.weight is not None:
        what = "1/m: the mean over" if loss.reduction == "mean" else "the sum over"
        hidden.append(f"{what} m = {writer.samples} samples")
    blocks: list[Block] = []
    one_letter = writer.letters.loss == writer.letters.cost and writer.total == "J"
    for name, formula in loss.formulas.forward.items():
        expression = writer.weighed(formula)
        if name == "L" and one_letter:
            continue  # this board writes the sum over the samples at once
        if name == "J" and one_letter:
            whole = writer.weighed(loss.formulas.forward["L"])
            expression = writer.weighed(str(substitute(parse(formula), {"L": whole})))
        if name == "J" and isinstance(expression, Letter):
            continue  # one sample with weight 1: J is L
        if name == "A":
            blocks.append(probabilities(writer))
            continue
        code = loss_code(writer)
        if name == "J":
            code = code_for(loss, ("__call__",), inherited=True)
        blocks.append(replace(writer.loss_line(name, expression, back=False), code=code))
    if not blocks:
        blocks.append(Note(f"{loss!r} states no formula; L = {writer.trace.value:.4f}"))
    return Section("ERROR", tuple(blocks), remark="; ".join(hidden))


def probabilities(writer: Writer) -> Line:
    """Return the line A = σ(Z) of a loss on logits."""
    loss = writer.trace.loss
    line = writer.loss_line("A", writer.weighed(loss.formulas.forward["A"]), back=False)
    for (link, _), fused in FUSED.items():
        formulas = link.formulas
        if type(loss) is fused and formulas.functions:
            named = renamed(parse(formulas.forward["Y"].replace("X", "Z")), writer.naming.loss)
            ways = (named, line.formulas[-1])
            line = replace(line, formulas=ways, functions=formulas.functions)
    return replace(line, code=code_for(loss, ("predictions",)))


def loss_code(writer: Writer, element: int = 0) -> Code | None:
    """Return the line of the loss that ran, for its value (0) or its gradient (1)."""
    trace = writer.trace
    Z = trace.records[-1].values["Y"]
    return code_for(
        trace.loss, ("per_sample",), element=element,
        ran=lambda: trace.loss.per_sample(Z, trace.targets),
    )  # fmt: skip


def slope(writer: Writer) -> Line | None:
    """Return the loss's line back: its gradient with respect to the network's output."""
    loss = writer.trace.loss
    if "dZ" not in loss.formulas.backward:
        return None
    line = writer.loss_line("dZ", writer.weighed(loss.formulas.backward["dZ"]))
    remark = "½ cancels the 2" if getattr(loss, "scale", "") == "half" else ""
    return replace(line, code=loss_code(writer, 1), remark=remark)


def backward_lines(writer: Writer, i: int, checked: bool = True) -> list[Line]:
    """Return the lines of layer i on the way back, parameters first; `checked` by the nudge."""
    record, names = writer.trace.records[i], writer.naming.records[i]
    lines = []
    notation = writer.board.backward
    stated = record.formulas.backward
    for name in dict.fromkeys([*stated, *(f"d{p}" for p in record.params), "dX"]):
        if name not in record.values:
            continue
        parameter = name[1:] if name[1:] in record.params else ""
        code = backward_code(record.layer, parameter)
        if name in stated:
            line = writer.layer_line(i, name, stated[name], notation, code)
        else:
            line = writer.unstated(i, name, notation, code)
        if parameter:
            path = writer.parameter_path(i, parameter)
            line = replace(line, path=path, digits=None)
            if record.shared:
                line = replace(line, remark=f"the part of this place; {path} learns their sum")
            elif checked:
                p = flatten(writer.params)[path]
                found = digits(writer.loss_of(path), p, record.values[name])
                line = replace(line, digits=found)
            if "batch_sum" in stated.get(name, "") and writer.samples == 1:
                line = replace(line, remark="one sample, so no sum")
        elif name == "dX" and "W" in record.params:
            line = replace(line, remark=f"{writer.plain(names['W'])} not yet updated")
        lines.append(line)
    return sorted(lines, key=lambda line: line.left == page_name("dX", names))


def backward_code(layer: object, parameter: str) -> Code | None:
    """Return the line of source that gives dX, or a parameter's gradient."""
    methods = ("parameter_gradients", "backward") if parameter else ("backward",)
    return code_for(layer, methods, parameter)


def backpropagate(writer: Writer) -> Section:
    """From the loss back to the input vector."""
    blocks: list[Block] = the_long_way(writer)
    first = slope(writer)
    if first is not None:
        blocks.append(first)
    for i in reversed(range(len(writer.trace.records))):
        lines = backward_lines(writer, i)
        if writer.board.per_layer:
            blocks.append(_layer(writer, i))
        blocks += lines
    return Section(
        "BACKPROPAGATE",
        tuple(blocks),
        remark="each line takes the one above and one more derivative",
    )


def the_long_way(writer: Writer) -> list[Block]:
    """For a loss on logits, the two derivatives whose product it takes in one step."""
    loss, board = writer.trace.loss, writer.board
    for (link, plain), fused in FUSED.items():
        if type(loss) is not fused:
            continue
        A = writer.loss_values["A"]
        unfused, layer = plain(reduction=loss.reduction), link()
        _, dA = unfused(A, writer.trace.targets, writer.trace.weights)
        dZ, _ = layer.backward({}, A, dA)
        values = {**writer.loss_values, "dA": dA, "dZ": dZ}
        names = writer.naming.loss
        whole = writer.weighed(unfused.formulas.backward["dZ"].replace("Z", "A"))
        first = writer.loss_line("dA", whole, values)
        back = writer.weighed(layer.formulas.backward["dX"].replace("Y", "A").replace("X", "Z"))
        forward = {"A": layer.formulas.forward["Y"].replace("X", "Z")}
        functions = layer.formulas.functions
        second = writer.loss_line("dZ", back, values, None, functions, forward)
        joined = substitute(expand(back, functions, forward), {"dA": whole})
        both = renamed(renote(joined, board.backward, left="dZ",
                              scalars=writer.letters.scalars), names)  # fmt: skip
        last = slope(writer)
        assert last is not None
        cancels = "A (1 − A) cancels" if plain.task == "binary" else "A cancels, Σₖ Y = 1"
        return [
            Note("The long way, over the probabilities:"),
            first,
            second,
            Note("Put together, that is one step, and what the code computes:"),
            Equation(Letter(last.left), (both, last.formulas[0]), remark=cancels),
        ]
    return []


def code(writer: Writer) -> Section:
    """Write the lines of source that ran, and how they lie against the board."""
    found = {}
    for record in writer.trace.records:
        lines = [code_for(record.layer, ("forward",))]
        lines += [backward_code(record.layer, p) for p in ("", *record.params)]
        found.update({line.place: line for line in lines if line is not None})
    loss = [loss_code(writer), loss_code(writer, 1)]
    found.update({line.place: line for line in loss if line is not None})
    remark = {
        "rows": "keeps samples in rows, as this page does",
        "columns": "keeps samples in rows: its X is Xᵀ here, its W is Wᵀ here",
        "transposed": "keeps samples in rows: its X is Xᵀ here",
    }[writer.board.backward]
    return Section("CODE", tuple(found[place] for place in sorted(found)), remark=remark)
