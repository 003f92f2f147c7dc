"""An explanation as data: what every format shows, and none of how it looks.

A page is a list of sections, a section a list of blocks. The formulas in it are trees and the
numbers arrays, all in the board's orientation. `numbers.py` writes both in any form; `text.py`
and the other formats only lay them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainrule.formulas import Expression, Functions, Letters
from chainrule.namespace import Array


@dataclass(frozen=True)
class Code:
    """A line of source that ran. As a block of its own it is a line of the section CODE."""

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

    `formulas` are ways to write the right side (none for what is given), the last of which has its
    letters exchanged for `values`. `given` are the names that stand on the board as they are; all
    others are computed. `functions` are the named functions that the formulas use. `digits` is
    how many digits the gradient shares with the numeric one (None: no gradient).
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
    given: frozenset[str] = frozenset()
    shapes: str = ""  # (2,2)·(2,1) + (2,1) → (2,1)
    blank: bool = False  # on a worksheet: the result is left for the student


@dataclass(frozen=True)
class Factor:
    """One derivative of a chain: ∂a₂/∂z₂, what it is in letters (None: not said), its number."""

    derivative: Expression
    formula: Expression | None
    value: float
    given: bool = False  # a number that stands on the board, printed as it is


@dataclass(frozen=True)
class Chain:
    """A derivative as the product of its factors, or as a sum of such products.

    `general` is how it is written before the products are written out: Σⱼ … . `omitted` are how
    many further products there are, and what they add up to. `nudge` is the numeric derivative.
    """

    left: Expression
    products: tuple[tuple[Factor, ...], ...]
    result: float
    general: tuple[Expression, ...] = ()
    omitted: tuple[int, float] = (0, 0.0)
    functions: Functions = field(default_factory=dict)
    nudge: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class Equation:
    """`left = right = right …` in letters; a step of a derivation.

    `result` is what they are worth, if that is shown as well: it follows as a last `= …`, as it is
    where it is `given`.
    """

    left: Expression
    rights: tuple[Expression, ...]
    remark: str = ""
    label: str = ""  # words before it, "the text:"
    functions: Functions = field(default_factory=dict)
    result: Array | None = None
    given: bool = False


@dataclass(frozen=True)
class Table:
    """A small table: the first row is its head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Note:
    """A sentence."""

    text: str


Block = Line | Chain | Equation | Table | Note | Code


@dataclass(frozen=True)
class Section:
    """A named part: FEED, FORWARD, ERROR, BACKPROPAGATE, UPDATE and so on."""

    title: str
    blocks: tuple[Block, ...]
    remark: str = ""


@dataclass(frozen=True)
class Page:
    """The whole explanation."""

    title: str
    sample: str
    preamble: tuple[str, ...]
    arrow: tuple[str, ...]  # forward: X, Z₁ = W₁·X + b₁, …, L
    sections: tuple[Section, ...]
    letters: Letters
    checked: tuple[int, int] = (0, 0)  # parameters whose gradient agrees, of how many
    arrow_back: tuple[str, ...] = ()  # X, dZ₁, …, L: to be read from the right
    board: str = "rows"
    form: str = "matrix"
    focus: str = ""
