"""Worksheets: the page of a pass with blanks, another for each name, and its answer key.

The numbers are a function of the name alone, so a sheet is never stored: whoever knows the name
and the network draws the same sheet again, to print its key or to mark its answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.description import to_config
from chainrule.errors import ConfigurationError
from chainrule.explaining import figures
from chainrule.explaining.board import Board
from chainrule.explaining.explain import Explanation, explain, the_board
from chainrule.explaining.friendly import is_friendly, numbers, samples
from chainrule.explaining.page import Block, Equation, Line, Note, Page, Section
from chainrule.model import Model
from chainrule.optimizers import SGD

PARTS = ("FEED", "FORWARD", "ERROR", "BACKPROPAGATE", "UPDATE")
ATTEMPTS = 40
TOLD = "would "  # the note that gives the last result away


@dataclass(frozen=True, eq=False)
class Worksheet:
    """One sheet: the lines to be filled in, in order, with the keys of their answers.

    `blank` and `solved` are explanations, so they print, save and show in every format.
    """

    name: str
    model: Model
    board: Board
    samples: int
    lines: tuple[Line, ...]
    keys: tuple[str, ...]
    blank: Explanation
    solved: Explanation

    @property
    def answers(self) -> dict[str, Any]:
        """Return the answers by key, rounded as the key prints them."""
        return {
            key: figures.rounded(line.result).tolist()
            for key, line in zip(self.keys, self.lines, strict=True)
        }

    def recipe(self) -> dict[str, Any]:
        """Return what draws this sheet again, for the answers' file."""
        assert self.model.built is not None
        return {
            "network": to_config(self.model.network),
            "loss": to_config(self.model.loss),
            "learning_rate": float(self.model.optimizer.rate(0)),
            "input_shape": list(self.model.built.input_shape),
        }


def worksheet(
    model: Model,
    name: str,
    *,
    board: str | Board | Mapping[str, Any] = "rows",
    notation: str | None = None,
    samples: int = 1,
) -> Worksheet:
    """Return the sheet of `name` for a model's network; the model itself stays as it was.

    The network, the loss and a plain learning rate are the model's, all numbers are the sheet's.
    Raises ConfigurationError for a network whose arrays are too large to be written out.

    >>> import chainrule as cr
    >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5), input_shape=(2,))
    >>> worksheet(model, "ada").keys
    ('Z', 'L', 'dZ', 'dW', 'db', 'dX', 'W_prime', 'b_prime')
    """
    if model.built is None:
        raise ConfigurationError(
            "the model is not built yet: give Model(..., input_shape=...), or call fit first"
        )
    if samples < 1:
        raise ConfigurationError(f"a worksheet needs 1 sample or more, got {samples}")
    if not name:
        raise ConfigurationError("a worksheet needs a name, such as the student's")
    chosen = the_board(board if isinstance(board, str | Board) else dict(board), notation)
    best: tuple[Model, Page] | None = None
    for attempt in range(ATTEMPTS):
        own, page = drawn(model, name, chosen, samples, attempt)
        best = best or (own, page)
        if is_friendly(lines_of(page)):
            best = own, page
            break
    assert best is not None
    return sheet(name, *best, chosen, samples)


def drawn(model: Model, name: str, board: Board, count: int, attempt: int) -> tuple[Model, Page]:
    """Return the model with one draw of numbers, and the page of its pass."""
    assert model.built is not None
    plain = isinstance(model.optimizer, SGD) and not model.optimizer.momentum
    rate = model.optimizer.rate(0) if plain else 0.5
    own = Model(
        model.network, model.loss, SGD(float(rate)), 0, model.built.input_shape, dtype="float64"
    )
    own.set_parameters(numbers(own.parameters, name, attempt))
    x, y = samples(own, name, attempt, count)
    page = explain(own, x, y, board=board).page
    for line in lines_of(page):
        if not figures.is_written_out(np.asarray(line.result)):
            raise ConfigurationError(
                "a worksheet needs a network that can be written out, but "
                f"{line.left} is {figures.size(np.asarray(line.result))}"
            )
    return own, page


def lines_of(page: Page) -> list[Line]:
    """Return the lines that a student fills in."""
    return [
        b for part in page.sections if part.title in PARTS
        for b in part.blocks if isinstance(b, Line) and b.formulas
    ]  # fmt: skip


def sheet(name: str, model: Model, page: Page, board: Board, count: int) -> Worksheet:
    """Return the sheet of a page: its lines numbered, once with blanks and once with answers."""
    sections: list[Section] = []
    lines: list[Line] = []
    for part in page.sections:
        if part.title not in PARTS:
            continue
        blocks: list[Block] = []
        for one in part.blocks:
            if isinstance(one, Line) and one.formulas:
                remark = f"({len(lines) + 1})" + (f" {one.remark}" if one.remark else "")
                lines.append(one)
                blocks += given_in(one, page, sections, blocks)
                blocks.append(replace(one, remark=remark, code=None, digits=None))
            elif not (isinstance(one, Note) and TOLD in one.text) and not isinstance(one, Equation):
                blocks.append(one)
        sections.append(Section(part.title, tuple(blocks), part.remark))
    if not board.per_layer:
        sections = at_the_top(sections)
    solved = replace(
        page, sections=tuple(sections), sample=f"key of worksheet {name}",
        preamble=(*page.preamble[:-1], "Every line in four decimals."), checked=(0, 0),
    )  # fmt: skip
    blank = replace(
        solved, sample=f"worksheet {name}", sections=tuple(map(emptied, sections)),
        preamble=(*page.preamble[:-1],
                  "Fill in every box from top to bottom, to four decimals."),
    )  # fmt: skip
    return Worksheet(
        name, model, board, count, tuple(lines), keys_of(lines),
        Explanation(blank), Explanation(solved),
    )  # fmt: skip


def given_in(line: Line, page: Page, sections: list[Section], blocks: list[Block]) -> list[Block]:
    """Return lines for what is given and first needed by this line: W₁, b₁, η."""
    stated = [b for s in [*page.sections[:1], *sections] for b in s.blocks if isinstance(b, Line)]
    stated += [b for b in blocks if isinstance(b, Line)]
    new: list[Block] = []
    for letter, value in line.values.items():
        known = any(
            b.left == letter and not b.formulas and np.array_equal(b.result, value) for b in stated
        )
        if letter in line.given and not known:
            new.append(Line(letter, (), {}, np.asarray(value), given=frozenset({letter})))
    return new


def at_the_top(sections: list[Section]) -> list[Section]:
    """Return the sections with all that is given in the first."""
    given = [b for part in sections for b in part.blocks if is_given(b)]
    rest = [
        replace(part, blocks=tuple(b for b in part.blocks if not is_given(b))) for part in sections
    ]
    return [Section("GIVEN", tuple(given)), *(part for part in rest if part.blocks)]


def is_given(block: Block) -> bool:
    """Say whether a block states a value that nothing computes."""
    return isinstance(block, Line) and not block.formulas


def emptied(part: Section) -> Section:
    """Return a section whose computed lines are left open."""
    return replace(
        part,
        blocks=tuple(
            replace(b, blank=True) if isinstance(b, Line) and b.formulas else b for b in part.blocks
        ),
    )


def keys_of(lines: list[Line]) -> tuple[str, ...]:
    """Return a key for each line's answer: dW2, W2_prime, and dZ2_2 for a second dZ2.

    >>> keys_of([Line(n, (), {}, np.zeros(1)) for n in ("dZ2", "W2′", "dZ2")])
    ('dZ2', 'W2_prime', 'dZ2_2')
    """
    keys: list[str] = []
    for line in lines:
        name = re.sub(r"[^A-Za-z0-9_]", "_", line.left.replace("′", "_prime"))
        count = 1 + sum(k == name or re.fullmatch(rf"{name}_\d+", k) is not None for k in keys)
        keys.append(name if count == 1 else f"{name}_{count}")
    return tuple(keys)
