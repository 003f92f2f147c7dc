"""`model.explain(x, y)`: the maths of a pass, from the code that ran, on any board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.explaining.board import Board, board_from_data, board_named
from chainrule.explaining.formats import Formats
from chainrule.explaining.page import Page
from chainrule.explaining.text import as_text
from chainrule.explaining.trace import trace
from chainrule.explaining.writer import Writer

if TYPE_CHECKING:
    from chainrule.model import Model

FORMS = ("matrix", "chain", "index", "derive")


class Explanation(Formats):
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
    form: str = "matrix",
    focus: str | None = None,
    sample: str = "",
) -> Explanation:
    """Return the explanation of one sample or a small batch; the model stays as it was.

    `board` is a preset's name, a `Board` or a table as in a TOML file; `notation` alone picks the
    plain board of that name. `form` is "matrix", "chain", "index" or "derive". `focus` picks one
    entry or value, in board order and counted from 1: "W1[2,1]". `sample` is written at the top
    right. Raises ConfigurationError for a name that does not exist, with what does.

    >>> import chainrule as cr
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5), input_shape=(1,))
    >>> model.set_parameters({"W": [[2.0]], "b": [0.0]})
    >>> print(explain(model, [[3.0]], [[5.0]]))
     Network 1-1, half squared error, η = 0.5
    ...
       Z = X·W + b ... = [3]·[2] + [0] = [6.0000]
    ...
    """
    from chainrule.explaining.pages import make_page
    from chainrule.step import feed

    chosen = the_board(board, notation)
    if form not in FORMS:
        raise unknown_name("form", form, FORMS)
    X = np.asarray(x)
    if model.built is not None and X.shape == model.built.input_shape:
        X, y = X[None], np.asarray(y)[None]
    if model.built is None:
        raise ConfigurationError(
            "the model is not built yet: give Model(..., input_shape=...), or call fit first"
        )
    known = model.targets
    data = model._prepare(X, y)
    model.targets = known  # explaining teaches the model nothing, its classes neither
    batch = feed(model.task, data, np.arange(len(data.X)))
    state = model.state
    seen = trace(model.trained_layer, model.trained_loss, state.params, state.running, batch)
    writer = Writer(model.trained_layer, seen, state.params, state.running, chosen)
    return Explanation(make_page(model, writer, form, focus or "", sample))


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
