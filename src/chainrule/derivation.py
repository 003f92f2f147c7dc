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
class Derivation:
    """From one entry: what an entry of the output is, and its derivatives.

    Entries are written in the code's order, W[j,k], and counted by letters: i the sample, k the
    output, j the input. `entry` is what Y[i,k] is (L[i] for a loss). `partials` goes from an entry
    that it depends on to its derivative by that, for the indices that both name; all others are 0.
    `steps` are lines on the way there: `partial(Y[i,k], X[i,j]) = … = …  # why`. `sum(j, …)` is a
    sum over j, and `(k == j)` is 1 where the indices are equal.

    >>> Derivation("sum(j, X[i,j] * W[j,k])", {"W[j,k]": "X[i,j]", "X[i,j]": "W[j,k]"}).steps
    ()
    """

    entry: str
    partials: Mapping[str, str]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formulas:
    """Forward and backward of a layer or a loss, or the update rule of an optimizer.

    Each mapping goes from a name to the formula that gives it, in the order in which the lines
    are executed; a line may use the names above it. `functions` adds named functions that
    the lines use. `derivation` is how backward follows from forward, entry by entry; an
    elementwise layer needs none, its functions say it.

    >>> Formulas(forward={"Y": "X @ W + b"}, backward={"dX": "dY @ W.T"}).forward["Y"]
    'X @ W + b'
    """

    forward: Mapping[str, str] = field(default_factory=dict)
    backward: Mapping[str, str] = field(default_factory=dict)
    update: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    derivation: Derivation | None = None
