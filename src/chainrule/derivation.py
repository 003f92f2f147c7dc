"""What a layer, a loss or an optimizer says about itself: its formulas, as strings.

The strings are written in the small matrix language of `chainrule.formulas`, which evaluates,
renders and re-notes them. This file holds only the strings' containers, so that a layer can
state its formula without importing the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Function:
    r"""A named elementwise function of a formula, with its derivative.

    `definition` is a formula in the letter `x`; `derivative` is one in `x` (the input) and
    `a` (the output), so that σ′ can be shown as a ⊙ (1 − a). `unicode` and `latex` are how it
    is printed; the derivative is written `d_name(X)` in a formula and printed σ′(X).

    >>> Function("1 / (1 + exp(-x))", derivative="a * (1 - a)", unicode="σ", latex=r"\sigma")
    Function(definition='1 / (1 + exp(-x))', derivative='a * (1 - a)', unicode='σ', ...)
    """

    definition: str
    derivative: str
    unicode: str
    latex: str


@dataclass(frozen=True)
class Formulas:
    """Forward and backward of a layer or a loss, or the update rule of an optimizer.

    Each mapping goes from a name to the formula that gives it, in the order in which the lines
    are executed; a line may use the names above it. `functions` adds named functions that
    the lines use.

    >>> Formulas(forward={"Y": "X @ W + b"}, backward={"dX": "dY @ W.T"}).forward["Y"]
    'X @ W + b'
    """

    forward: Mapping[str, str] = field(default_factory=dict)
    backward: Mapping[str, str] = field(default_factory=dict)
    update: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
