"""What is checked, seen in one way: arrays with names go in, an output and gradients come out.

A layer, a loss, a model, a student's class, a pair of functions and a formula all become a
`Subject`. The rest of the package knows nothing else about them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chainrule.checking.source import Code
from chainrule.derivation import Formulas
from chainrule.namespace import Array


@dataclass(frozen=True)
class Trial:
    """One set of numbers: the variables by name, the targets of a loss, the gradient handed in.

    `dY` is 1 for a loss, whose output is one number.
    """

    variables: dict[str, Array]
    dY: Array  # noqa: N815 - its name in every formula
    m: int
    targets: Any = None
    note: str = ""


@dataclass(frozen=True)
class Reply:
    """What a backward pass gave: gradients by variable, and what else it did.

    `after` are variables that the pass itself changed (an update inside backward), `written` the
    names of arrays handed in that came back changed.
    """

    gradients: dict[str, Array]
    after: dict[str, Array] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    rate: float = 1.0


class Subject(ABC):
    """Anything with a forward and gradients that can be put to the test.

    `notation` says how the arrays lie (rows, columns, transposed), `parameters` which variables
    are weights, in order; `is_loss` that the output is one number.
    """

    title: str
    place: str = ""
    notation: str = "rows"
    input: str = "X"
    output: str = "Y"
    upstream: str = "dY"
    target: str = "Y"
    parameters: tuple[str, ...] = ()
    is_loss: bool = False
    formulas: Formulas | None = None
    notes: tuple[str, ...] = ()
    takes_flags: ClassVar[bool] = False

    @abstractmethod
    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        """Return numbers to try; `square` asks for as many inputs as units, where that is free."""

    @abstractmethod
    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        """Return the output, with some variables exchanged; leaves no trace."""

    @abstractmethod
    def gradients(self, trial: Trial) -> Reply:
        """Return what the code says the gradients are."""

    def gradient_name(self, variable: str) -> str:
        """Return what the code calls the gradient for a variable."""
        return f"d{variable}"

    def code(self, variable: str) -> Code | None:
        """Return the line that computes a gradient, where the source can be read."""
        return None

    def parts(self, trial: Trial) -> list[tuple[str, Subject]]:
        """Return the layers inside, by path, each as a subject of its own."""
        return []
