"""The derive form: from one entry to the matrix formula, for every layer and loss."""

from __future__ import annotations

import numpy as np

from chainrule.explaining.chain import Chains, Node, node_of
from chainrule.explaining.derivations import derivation_of, read_entry, read_step, simplest
from chainrule.explaining.entries import Entry, Grid, Partial
from chainrule.explaining.focus import Focus, entry_on_board
from chainrule.explaining.index import in_letters, whole
from chainrule.explaining.matrix import backward_lines, forward_lines, slope
from chainrule.explaining.naming import page_name
from chainrule.explaining.page import Block, Equation, Line, Note, Section
from chainrule.explaining.symbolic import (
    functions_of,
    on_board,
    on_board_loss,
    own_formula,
    to_loss,
)
from chainrule.explaining.writer import Writer
from chainrule.formulas import Binary, Expression, Letter, Number, turns
from chainrule.namespace import Array

SMALL = 4  # rows and columns of a matrix that is written in letters


def derivations(writer: Writer, focus: Focus | None) -> list[Section]:
    """Return a section for the loss and for every layer, from the last to the first."""
    sections = [] if focus else [of_loss(writer)]
    seen: set[str] = set()
    for i in reversed(range(len(writer.trace.records))):
        record = writer.trace.records[i]
        if focus is not None and i != focus.value.i:
            continue
        again = type(record.layer).__name__ in seen and not focus
        seen.add(type(record.layer).__name__)
        sections.append(of_layer(writer, i, focus, again))
    return sections


def of_loss(writer: Writer) -> Section:
    """Return how the loss's gradient follows from the loss."""
    loss = writer.trace.loss
    blocks: list[Block] = []
    derivation = loss.formulas.derivation
    first = slope(writer)
    if derivation is not None:
        entry = Entry("L", ("i",))
        left = on_board_loss(writer, entry)
        blocks.append(Equation(left, (on_board_loss(writer, read_entry(derivation.entry)),)))
        for text in derivation.steps:
            step = read_step(text)
            rights = tuple(simplest(on_board_loss(writer, r)) for r in step.rights)
            blocks.append(Equation(on_board_loss(writer, step.left), rights, step.remark))
        for key, text in derivation.partials.items():
            target = on_board_loss(writer, read_entry(key))
            right = on_board_loss(writer, read_entry(text))
            blocks.append(Equation(Partial(left, target), (right,)))  # type: ignore[arg-type]
        if writer.total == "J" and writer.weight is not None and writer.weight != 1:
            blocks.append(Note("J is the mean of them, so each carries the factor 1/m:"))
    if first is not None:
        blocks += [Note("All entries at once:"), first]
    elif derivation is None:
        blocks.append(Note(f"{loss!r} states no formula."))
    return Section("DERIVE", tuple(blocks), remark=repr(loss))


def of_layer(writer: Writer, i: int, focus: Focus | None, again: bool) -> Section:
    """Return how a layer's backward follows from its forward, from one entry."""
    record = writer.trace.records[i]
    derivation = derivation_of(record.formulas)
    functions = functions_of(writer)
    blocks: list[Block] = [_in_letters(line) for line in forward_lines(writer, i)]
    title = f'{record.layer!r} at "{record.path}"'
    if derivation is not None and record.values["Y"].ndim == 2 and not again:
        output = entry_on_board(writer, i, "Y", ("i", "k"), back=False)
        entry = on_board(writer, i, read_entry(derivation.entry), back=False)
        blocks.append(Equation(output, (entry,), "one entry of it", functions=functions))
        for text in derivation.steps:
            step = read_step(text)
            rights = tuple(simplest(on_board(writer, i, r)) for r in step.rights)
            left = on_board(writer, i, step.left)
            blocks.append(Equation(left, rights, step.remark, functions=functions))
    elif derivation is None:
        blocks.append(Note("This layer states no derivation; its derivatives, from its code:"))
    lines = {line.left: line for line in backward_lines(writer, i)}
    tool = Chains(writer)
    letters = list(record.params)
    for letter in [*letters, "X"]:
        if focus is not None and letter != focus.value.letter and focus.value.letter != "Y":
            continue
        own = (
            focus
            if focus is not None and focus.value.letter == letter
            else whole(writer, i, letter)
        )
        node = node_of(writer, own)
        line = lines.get(page_name("d" + letter, writer.naming.records[i]))
        blocks += of_entry(writer, tool, node, line, again)
    remark = title + (", as above" if again else "")
    return Section("DERIVE", tuple(blocks), remark=remark)


def _in_letters(line: Line) -> Block:
    return Equation(Letter(line.left), line.formulas, functions=line.functions, remark=line.shapes)


def of_entry(
    writer: Writer, tool: Chains, node: Node, line: Line | None, again: bool
) -> list[Block]:
    """Return the steps from one entry to the whole gradient of a parameter or the input."""
    i, letter, _ = node
    record, functions = writer.trace.records[i], tool.functions
    blocks: list[Block] = []
    if not again:
        blocks += pattern(writer, tool, node)
        chain, _ = tool.fork(node, tool.steps(node))
        blocks.append(chain)
        blocks += in_letters(writer, i, letter, onward=False)
        grid = matrix_of(writer, tool, i, letter)
        if grid is not None and line is not None:
            blocks.append(
                Equation(Letter(line.left), (grid, line.formulas[0]), functions=functions,
                         remark="column · row" if letter == "W" and writer.samples == 1 else "")
            )  # fmt: skip
    if line is not None:
        blocks.append(line)
    elif letter == "X" and record.values.get("dX") is not None and not blocks:
        blocks.append(Note("dX is not stated as a formula."))
    return blocks


def pattern(writer: Writer, tool: Chains, node: Node) -> list[Block]:
    """Return the local derivatives by one entry: those that are not 0, and how many are."""
    i, letter, place = node
    local = tool.locals[i]
    outputs = tool.steps(node)
    blocks: list[Block] = []
    for output in outputs[:3]:
        value = local.derivative(output[2], letter, place)
        formula = own_formula(writer, i, output[2], letter, place)
        left = Partial(tool.entry(output), tool.entry(node))
        rights = (formula,) if formula is not None and not isinstance(formula, Number) else ()
        total, moved = local.outputs.size, len(outputs)
        remark = ""
        if output == outputs[:3][-1]:
            if moved > 3:
                remark = f"and so on for {moved} of {total} outputs"
            elif moved < total:
                others = total - moved
                remark = "the rest 0" if others > 1 else "the other 0"
        given = isinstance(formula, Number) or tool.is_given(formula, i)
        blocks.append(
            Equation(left, rights, remark, functions=tool.functions, result=np.asarray(value),
                     given=given)
        )  # fmt: skip
    return blocks


def matrix_of(writer: Writer, tool: Chains, i: int, letter: str) -> Grid | None:
    """Return the whole gradient in letters, entry by entry, where it is small."""
    record = writer.trace.records[i]
    value = np.asarray(record.values[letter])
    board = writer.turned(value, letter, writer.board.backward)
    if board.ndim != 2 or max(board.shape) > SMALL or writer.samples > 1:
        return None
    rows = []
    for r in range(board.shape[0]):
        cells: list[Expression] = []
        for c in range(board.shape[1]):
            place = code_place(writer, value, letter, (r, c))
            cell = cell_of(writer, tool, (i, letter, place))
            if cell is None:
                return None
            cells.append(cell)
        rows.append(tuple(cells))
    return Grid(tuple(rows))


def code_place(
    writer: Writer, value: Array, letter: str, place: tuple[int, int]
) -> tuple[int, ...]:
    """Return the code's place of an entry that lies at a place on the board."""
    if value.ndim == 1:
        return (max(place),)
    turned = turns(letter, writer.board.backward, scalars=writer.letters.scalars)
    return place[::-1] if turned else place


def cell_of(writer: Writer, tool: Chains, node: Node) -> Expression | None:
    """Return ∂L/∂y₁·x₁ + … for one entry."""
    total: Expression | None = None
    outputs = tool.steps(node)
    if len(outputs) > SMALL:
        return None
    for output in outputs:
        formula = own_formula(writer, node[0], output[2], node[1], node[2])
        if formula is None:
            return None
        term = simplest(Binary("*", to_loss(writer, tool.entry(output)), formula))
        total = term if total is None else Binary("+", total, term)
    return total
