"""`model.explain(x, y)`: the maths of a pass, from the code that ran, on any board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.explaining import matrix
from chainrule.explaining.board import Board, board_from_data, board_named
from chainrule.explaining.page import Line, Note, Page, Section
from chainrule.explaining.text import as_text
from chainrule.explaining.trace import trace
from chainrule.explaining.writer import Writer
from chainrule.formulas import Letter, render
from chainrule.step import feed
from chainrule.tree import flatten

if TYPE_CHECKING:
    from chainrule.model import Model

LOSSES = {"SquaredError": "squared error", "SoftmaxCrossEntropy": "softmax cross-entropy"}


class Explanation:
    """A page in any format; `str` and `print` give the text for a terminal."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def __str__(self) -> str:
        return as_text(self.page)

    __repr__ = __str__


def explain(
    model: Model,
    x: Any,
    y: Any,
    *,
    board: str | Board | dict[str, Any] = "rows",
    notation: str | None = None,
    sample: str = "",
) -> Explanation:
    """Return the explanation of one sample or a small batch; the model stays as it was."""
    chosen = the_board(board, notation)
    X = np.asarray(x)
    if model.built is not None and X.shape == model.built.input_shape:
        X, y = X[None], np.asarray(y)[None]
    data = model._prepare(X, y)
    batch = feed(model.task, data, np.arange(len(data.X)))
    state = model.state
    seen = trace(model.trained_layer, model.trained_loss, state.params, state.running, batch)
    writer = Writer(model.trained_layer, seen, state.params, state.running, chosen)
    sections = [
        matrix.feed(writer),
        matrix.forward(writer),
        matrix.error(writer),
        matrix.backpropagate(writer),
        matrix.update(writer, model.optimizer, state),
        matrix.code(writer),
    ]
    if chosen.errata:
        sections.append(Section("ERRATA", tuple(Note(text) for text in chosen.errata)))
    return Explanation(make_page(model, writer, sections, sample))


def the_board(board: str | Board | dict[str, Any], notation: str | None) -> Board:
    """Return the board that is meant; `notation` alone picks the plain board of that name."""
    if notation is not None:
        if notation not in ("rows", "columns", "transposed"):
            raise unknown_name("notation", notation, ("rows", "columns", "transposed"))
        if board == "rows":
            return board_named(notation)
        raise ConfigurationError("give a board or a notation, not both")
    if isinstance(board, str):
        return board_named(board)
    return board if isinstance(board, Board) else board_from_data(board)


def make_page(model: Model, writer: Writer, sections: list[Section], sample: str) -> Page:
    """Return the page with its head, its arrow line and the count of checked parameters."""
    network = model._network()
    sizes = [int(np.prod(network.input_shape))]
    sizes += [
        int(np.prod(p.output_shape)) for p in network.places if p.layer.parameters(p.input_shape)
    ]
    names = [type(p.layer).__name__ for p in network.places]
    activations = [n.lower() if n != "ReLU" else n for n in names if n not in
                   ("Dense", "Flatten", "Scale", "Identity")]  # fmt: skip
    loss = model.trained_loss
    words = LOSSES.get(type(loss).__name__, type(loss).__name__)
    scale = getattr(loss, "scale", "")
    title = matrix.title(
        sizes, activations, f"{scale} {words}".strip(), model.optimizer.learning_rate
    )
    lines = [b for s in sections for b in s.blocks if isinstance(b, Line) and b.digits is not None]
    sides = {"rows": "samples are rows, W is (inputs, outputs)",
             "columns": "samples are columns, W is (outputs, inputs)",
             "transposed": "samples are columns, W is (inputs, outputs)"}  # fmt: skip
    board = writer.board
    gradient = writer.plain("dN")
    preamble = [f"{board.forward}: {sides[board.forward]}."]
    if board.backward != board.forward:
        preamble.append(f"On the way back, {board.backward}: {sides[board.backward]}.")
    preamble[-1] += (
        f" {gradient} is ∂{writer.plain('L')}/∂N, {writer.letters.entrywise_product or 'Y (1 − Y)'} entrywise."
    )
    preamble.append("Shown to 4 decimals, computed in float64: each line can be redone by hand.")
    counted = sum(int(np.size(p)) for p in flatten(writer.params).values())
    good = sum(int(line.result.size) for line in lines if (line.digits or 0) >= 6)
    return Page(
        title, sample, tuple(preamble), arrow(writer), tuple(sections), writer.letters,
        (good, counted),
    )  # fmt: skip


def arrow(writer: Writer) -> tuple[str, ...]:
    """Return the stops of the arrow line: X, Z₁ = W₁·X + b₁, …, L."""
    stops = [writer.plain(writer.naming.records[0]["X"])]
    for i in range(len(writer.trace.records)):
        for line in writer.forward(i):
            formula = render(line.formulas[0], letters=writer.letters, functions=line.functions)
            stops.append(f"{render(Letter(line.left), letters=writer.letters)} = {formula}")
    return (*stops, writer.plain("L" if writer.samples == 1 else "J"))
