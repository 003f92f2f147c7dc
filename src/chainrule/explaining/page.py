"""An explanation as data: what every format shows, and none of how it looks.

A page is a list of sections, a section a list of blocks. The formulas in it are trees and the
numbers arrays, all in the board's orientation; `text.py` and the other formats draw them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.formulas import Expression, Functions, Letters
from chainrule.namespace import Array


@dataclass(frozen=True)
class Code:
    """A line of source that ran."""

    file: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """Return `dense.py:24`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Line:
    """`left = formula = … = numbers put in = result`.

    `formulas` are ways to write the right side, the last of which has its letters exchanged for
    `values`. `digits` is how many digits the gradient shares with the numeric one (None: no
    gradient). `functions` are the named functions that the formulas use.
    """

    left: str
    formulas: tuple[Expression, ...]
    values: Mapping[str, Array]
    result: Array
    functions: Functions = field(default_factory=dict)
    samples: str = "rows"
    code: Code | None = None
    digits: int | None = None
    remark: str = ""
    path: str = ""  # the result's name in the code, "0.W"


@dataclass(frozen=True)
class Factor:
    """One derivative of a chain: ∂a₂/∂z₂, what it is, and its number."""

    derivative: str
    formula: str
    value: float


@dataclass(frozen=True)
class Chain:
    """A derivative as the product of its factors, or as a sum of such products."""

    left: str
    products: tuple[tuple[Factor, ...], ...]
    result: float
    nudge: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """A small table: the first row is its head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Note:
    """A sentence."""

    text: str


Block = Line | Chain | Table | Note


@dataclass(frozen=True)
class Section:
    """A named part: FEED, FORWARD, ERROR, BACKPROPAGATE, UPDATE, …"""

    title: str
    blocks: tuple[Block, ...]
    remark: str = ""


@dataclass(frozen=True)
class Page:
    """The whole explanation."""

    title: str
    sample: str
    preamble: tuple[str, ...]
    arrow: tuple[str, ...]
    sections: tuple[Section, ...]
    letters: Letters
    checked: tuple[int, int] = (0, 0)  # gradients that agree, of how many
