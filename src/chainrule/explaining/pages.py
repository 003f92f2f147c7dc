"""A whole page: its head, its arrow line, the sections of its form, and its count of checks."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explaining import matrix
from chainrule.explaining.errata import errata
from chainrule.explaining.focus import find
from chainrule.explaining.matrix import backward_lines, forward_lines, slope
from chainrule.explaining.page import Line, Page, Section, Table
from chainrule.explaining.shapes import Dimension, dimension_row
from chainrule.explaining.updating import updating
from chainrule.explaining.writer import Writer

if TYPE_CHECKING:
    from chainrule.model import Model

LOSSES = {
    "SquaredError": "squared error",
    "BinaryCrossEntropy": "binary cross-entropy",
    "SigmoidCrossEntropy": "sigmoid + binary cross-entropy",
    "CrossEntropy": "cross-entropy",
    "SoftmaxCrossEntropy": "softmax + cross-entropy",
}
SIDES = {
    "rows": "samples are rows, W is (inputs, outputs)",
    "columns": "samples are columns, W is (outputs, inputs)",
    "transposed": "samples are columns, W (inputs, outputs)",
}
QUIET = ("Dense", "Flatten", "Scale", "Identity")


def make_page(model: Model, writer: Writer, form: str, focus: str, sample: str) -> Page:
    """Return the page of one form; a focus adds its section."""
    sections = sections_of(model, writer, form, focus)
    lines = [b for s in sections for b in s.blocks if isinstance(b, Line) and b.digits is not None]
    counted = sum(int(line.result.size) for line in lines)
    good = sum(int(line.result.size) for line in lines if (line.digits or 0) >= 6)
    stops, back = arrows(writer)
    return Page(
        title(model), sample, preamble(writer), stops, tuple(sections), writer.letters,
        (good, counted), back, writer.board.name, form, focus,
    )  # fmt: skip


def sections_of(model: Model, writer: Writer, form: str, focus: str) -> list[Section]:
    """Return the sections of a form."""
    from chainrule.explaining import chain, derive, index

    found = find(writer, focus) if focus else None
    extra = errata(writer)
    if form == "derive":
        return [*derive.derivations(writer, found), *extra]
    start = [matrix.feed(writer), matrix.forward(writer), matrix.error(writer)]
    if form == "chain":
        return [*start, chain.chains(writer, found), *extra, matrix.code(writer)]
    if form == "index":
        return [*start, index.sums(writer, found), *extra, matrix.code(writer)]
    sections = [*start, matrix.backpropagate(writer), updating(writer, model.task, model.state)]
    if found is not None:
        sections.append(chain.one(writer, found))
    table = dimensions(writer)
    return [*sections, *([table] if table else []), *extra, matrix.code(writer)]


def title(model: Model) -> str:
    """Return the page's title: Network 2-2-1, sigmoid, half squared error, η = 0.5."""
    assert model.built is not None
    sizes = [str(prod(model.built.input_shape))]
    names = []
    for place in model.built.places:
        if place.layer.parameters(place.input_shape):
            sizes.append(str(prod(place.output_shape)))
        name = type(place.layer).__name__
        if name not in QUIET:
            names.append(name if name[:2].isupper() or "ReLU" in name else name.lower())
    loss = model.trained_loss
    words = LOSSES.get(type(loss).__name__, type(loss).__name__)
    parts = ["Network " + "-".join(sizes), *dict.fromkeys(names)]
    parts.append(f"{getattr(loss, 'scale', '')} {words}".strip())
    rate: Any = getattr(model.optimizer, "learning_rate", None)  # a wrapper has none of its own
    name = type(model.optimizer).__name__
    step = f"η = {float(rate):g}" if isinstance(rate, int | float | np.floating) else ""
    parts.append(f"{'' if name == 'SGD' else name + ' '}{step}".strip())
    return ", ".join(p for p in parts if p)


def preamble(writer: Writer) -> tuple[str, ...]:
    """Say how the page is to be read."""
    board = writer.board
    lines = [f"{board.forward}: {SIDES[board.forward]}."]
    if board.backward != board.forward:
        lines.append(f"On the way back {board.backward}: {SIDES[board.backward]}.")
    gradient, slope_ = writer.plain("dN"), f"∂{writer.plain(writer.total)}/∂N"
    if gradient not in (slope_, f"d{slope_[1:].replace('∂', 'd')}"):
        lines[-1] += f" {gradient} is {slope_},"
    sign = writer.letters.entrywise_product
    lines[-1] += f" {sign} entrywise." if sign else " Letters side by side: entrywise."
    lines.append("Shown to 4 decimals, computed in float64: each line can be redone by hand.")
    return tuple(lines)


def arrows(writer: Writer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stops of the arrow lines: X, Z₁ = W₁·X + b₁, …, L and X, dX, dZ₁, …, L."""
    first = writer.naming.records[0]["X"]
    stops, back = [writer.plain(first)], [writer.plain(first), writer.plain("d" + first)]
    for i, names in enumerate(writer.naming.records):
        lines = forward_lines(writer, i)
        for line in lines:
            formula = writer.text(line.formulas[0], line.functions)
            stops.append(f"{writer.plain(line.left)} = {formula}")
        if not lines:
            stops.append(writer.plain(names["Y"]))
        back.append(writer.plain("d" + names["Y"]))
    if "A" in writer.trace.loss.formulas.forward:
        line = matrix.probabilities(writer)
        formula = writer.text(line.formulas[0], line.functions)
        stops.append(f"{writer.plain(line.left)} = {formula}")
    total = writer.plain(writer.total)
    return (*stops, total), (*back, total)


def dimensions(writer: Writer) -> Section | None:
    """Return the table of sizes in letters, for what multiplies matrices."""
    sizes, words = sizes_in_letters(writer)
    rows: list[tuple[str, str]] = []
    first = slope(writer)
    for i in range(len(writer.trace.records)):
        rows += _rows(writer, forward_lines(writer, i), sizes)
    if first is not None:
        for i in reversed(range(len(writer.trace.records))):
            rows += _rows(writer, backward_lines(writer, i, checked=False), sizes)
    if not rows:
        return None
    return Section("DIMENSIONS", (Table((("line", "sizes"), *rows)),), remark=words)


def _rows(writer: Writer, lines: list[Line], sizes: dict[str, Dimension]) -> list[tuple[str, str]]:
    rows = []
    for line in lines:
        shown = writer.plain(line.left), writer.text(line.formulas[0], line.functions)
        row = dimension_row(line.left, line.formulas[0], sizes, shown)
        if row is not None:
            rows.append(row)
    return rows


def sizes_in_letters(writer: Writer) -> tuple[dict[str, Dimension], str]:
    """Return the sizes of all values in letters, and what the letters are worth."""
    sizes: dict[str, Dimension] = {}
    board, layer = writer.board, 0
    worth = {"m": writer.samples}
    letter = ""
    count = sum(bool(r.params) for r in writer.trace.records)
    for record, names in zip(writer.trace.records, writer.naming.records, strict=True):
        X, Y = record.values["X"], record.values["Y"]
        before = letter
        if X.ndim == 2 and not before:
            before = "n"
            worth["n"] = X.shape[1]
        letter = before
        if record.params:
            layer += 1
            letter = "l" + "₀₁₂₃₄₅₆₇₈₉"[layer] if count > 1 and layer < 10 else "l"
            worth[letter] = int(Y.shape[-1])
        if Y.ndim != 2 or X.ndim != 2:
            letter = ""
            continue
        for name, size in ((names["X"], before), (names["Y"], letter)):
            sizes[name] = sizes["d" + name] = _turned(board.forward, ("m", size))
        for parameter, value in record.params.items():
            name = names[parameter]
            if np.ndim(value) == 2:
                turns = board.forward == "columns"
                sizes[name] = Dimension((letter, before) if turns else (before, letter))
                back = board.backward == "columns"
                sizes["d" + name] = Dimension((letter, before) if back else (before, letter))
            else:
                sizes[name] = sizes["d" + name] = _turned(board.forward, ("1", letter))
    words = ", ".join(f"{n} = {v}" for n, v in worth.items())
    return ({} if board.per_layer else sizes), words


def _turned(notation: str, rows: tuple[str, str]) -> Dimension:
    return Dimension(rows if notation == "rows" else rows[::-1])
