"""Where a board's text does not fit its own shapes: what it writes, what holds, and why."""

from __future__ import annotations

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.explaining.matrix import backward_lines, forward_lines
from chainrule.explaining.page import Block, Equation, Line, Note, Section
from chainrule.explaining.shapes import shape_algebra
from chainrule.explaining.writer import Writer
from chainrule.formulas import Letter, evaluate, letters_in, parse
from chainrule.namespace import Array


def errata(writer: Writer) -> list[Section]:
    """Return the section ERRATA, if the board has any that concern this network."""
    blocks: list[Block] = []
    for erratum in writer.board.errata:
        if not erratum.left:
            blocks.append(Note(erratum.why))
            continue
        theirs, here = parse(erratum.theirs), parse(erratum.here)
        line = line_of(writer, erratum.left, {*letters_in(theirs), *letters_in(here)})
        if line is None:
            continue
        verdict = judged(erratum.theirs, line)
        shapes = shape_algebra(here, line.values, line.result)
        blocks += [
            Note(erratum.why),
            Equation(Letter(line.left), (theirs,), label="the text:", remark=verdict),
            Equation(Letter(line.left), (here,), label="here:    ", remark=shapes),
        ]
    return [Section("ERRATA", tuple(blocks))] if blocks else []


def line_of(writer: Writer, left: str, letters: set[str]) -> Line | None:
    """Return the line that gives `left`, with all the values that the letters need."""
    lines = [
        line
        for i in reversed(range(len(writer.trace.records)))
        for line in (*forward_lines(writer, i), *backward_lines(writer, i, checked=False))
    ]
    values: dict[str, Array] = {}
    for line in lines:
        values |= line.values
    loss, notation = writer.naming.loss, writer.board.backward
    values[loss["Y"]] = writer.turned(writer.trace.targets, "Y", notation)
    if "A" in writer.loss_values:
        values[loss["A"]] = writer.turned(writer.loss_values["A"], "A", notation)
    for line in lines:
        if line.left == left and letters <= values.keys():
            own = {**values, **line.values}
            return Line(line.left, line.formulas, {n: own[n] for n in letters}, line.result)
    return None


def judged(theirs: str, line: Line) -> str:
    """Say whether the text's formula fits these shapes, and whether it gives the same."""
    shapes = shape_algebra(parse(theirs), line.values, line.result).rpartition(" → ")[0]
    try:
        value = np.asarray(evaluate(theirs, line.values))
    except ChainruleError:
        return f"{shapes} does not fit".strip()
    if value.shape != line.result.shape:
        return f"{shapes} is another shape".strip()
    if np.allclose(value, line.result):
        return "the same here"
    return f"{shapes} fits here, but is another matrix".strip()
