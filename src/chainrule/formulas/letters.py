"""How names are written on a board: letters, gradients, layer index and product signs, as data.

A name in a formula is a base with an optional `d` before it (a gradient) and, after it, `hat` or
`bar`, an index and a prime: `dW2`, `m_hat`, `A_l`, `Xhat`, `W1′`. `Letters` says how each is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from chainrule.errors import ConfigurationError, unknown_name

# Names that stand for one symbol.
SYMBOLS = {
    "learning_rate": "η",
    "weight_decay": "λ",
    "momentum": "μ",
    "eps": "ε",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "psi": "ψ",
    "omega": "ω",
}

# Names that are one number wherever chainrule uses them.
SCALARS = frozenset(
    {"learning_rate", "weight_decay", "momentum", "eps", "beta1", "beta2", "rho", "slope", "rate"}
    | {"t", "delta", "factor", "k"}
)

GRADIENTS = ("dW", "∂L/∂W", "dL/dW", "δW", "ΔW")
INDICES = ("subscript", "superscript", "brackets", "parentheses", "none")
PRODUCTS = ("·", "⊙", "∘", "*", "×", "")

_NAME = re.compile(
    r"(?P<base>.+?)(?:(?:_|(?<=[A-Z]))(?P<accent>hat|bar))?"
    r"(?:(?P<digits>\d+)|_(?P<index>[^\W_][\w+−-]*))?(?P<primes>′*)",
)


@dataclass(frozen=True)
class Symbol:
    """A name taken apart, ready to be written."""

    base: str
    gradient: bool = False
    accent: str = ""
    index: str = ""
    primes: str = ""


def is_gradient(name: str) -> bool:
    """Say whether a name is `d` + a letter: dW, db2, dXhat and dgamma are, delta and decay not.

    >>> [n for n in ("dW", "db2", "dgamma", "delta", "decay", "d") if is_gradient(n)]
    ['dW', 'db2', 'dgamma']
    """
    rest = name[1:]
    if name[:1] != "d" or not rest or name in SYMBOLS:
        return False
    return rest[0].isupper() or (rest[0].isalpha() and (_base(rest) in SYMBOLS or _single(rest)))


def _base(name: str) -> str:
    match = _NAME.fullmatch(name)
    return match["base"] if match else name


def _single(name: str) -> bool:
    return len(_base(name)) == 1


def split(name: str) -> Symbol:
    """Take a name apart.

    >>> split("dW2")
    Symbol(base='W', gradient=True, accent='', index='2', primes='')
    >>> split("m_hat")
    Symbol(base='m', gradient=False, accent='hat', index='', primes='')
    """
    gradient = is_gradient(name)
    rest = name[1:] if gradient else name
    match = None if rest in SYMBOLS else _NAME.fullmatch(rest)
    if match is None:
        return Symbol(rest, gradient)
    index = match["digits"] or match["index"] or ""
    return Symbol(match["base"], gradient, match["accent"] or "", index, match["primes"])


@dataclass(frozen=True)
class Letters:
    """What a board writes for each thing in a formula; every field has chainrule's own as default.

    names: another name for a letter, `{"X": "A0", "Y": "Z1", "W": "W1"}`; gradients follow (dW1).
    gradient: how the gradient for W is written, one of "dW", "∂L/∂W", "dL/dW", "δW", "ΔW".
    gradients: the same for single letters, `{"Z": "ΔW"}` writes ΔZ whatever the others do.
    loss, cost: the letters for one sample's loss (L in formulas) and the batch's (J).
    index: where a layer's number goes: "subscript" W₁, "superscript" W¹, "brackets" W[1],
        "parentheses" W⁽¹⁾, "none" W.
    matrix_product, entrywise_product, scalar_product: "·", "⊙", "∘", "*", "×" or "" (juxtaposed).
    scalars: names that are one number, besides `SCALARS`.
    logarithm: "ln" or "log".
    sums: "words" (Σ rows of dY, for a letter alone) or "index" (Σᵢ dY).
    sample_count, feature_count: what a mean divides by.
    samples: "rows" or "columns", for the words.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    gradient: str = "dW"
    gradients: Mapping[str, str] = field(default_factory=dict)
    loss: str = "L"
    cost: str = "J"
    index: str = "subscript"
    matrix_product: str = "·"
    entrywise_product: str = "⊙"
    scalar_product: str = "·"
    scalars: frozenset[str] = frozenset()
    logarithm: str = "ln"
    sums: str = "words"
    sample_count: str = "m"
    feature_count: str = "n"
    samples: str = "rows"

    def __post_init__(self) -> None:
        object.__setattr__(self, "scalars", frozenset(self.scalars))
        choices: list[tuple[str, str, tuple[str, ...]]] = [
            ("gradient", self.gradient, GRADIENTS),
            *(("gradient", way, GRADIENTS) for way in self.gradients.values()),
            ("index", self.index, INDICES),
            ("matrix_product", self.matrix_product, PRODUCTS),
            ("entrywise_product", self.entrywise_product, PRODUCTS),
            ("scalar_product", self.scalar_product, PRODUCTS),
            ("logarithm", self.logarithm, ("ln", "log")),
            ("sums", self.sums, ("words", "index")),
            ("samples", self.samples, ("rows", "columns")),
        ]
        for kind, value, known in choices:
            if value not in known:
                raise ConfigurationError(
                    f"{kind} of the letters: expected one of {', '.join(map(repr, known))}, "
                    f"got {value!r}"
                )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Letters:
        """Build from a table as it stands in a TOML file.

        Raises ConfigurationError for a key that is not known.

        >>> Letters.from_data({"loss": "E", "entrywise_product": "∘"}).loss
        'E'
        """
        known = [f.name for f in fields(cls)]
        for key in data:
            if key not in known:
                raise unknown_name("setting of the letters", key, known)
        return cls(**data)

    def is_scalar(self, name: str) -> bool:
        """Say whether a name stands for one number."""
        return name in SCALARS or name in self.scalars

    def symbol(self, name: str) -> Symbol:
        """Return what is written for a name: renamed, its index where the board has one."""
        symbol = split(self.written(name))
        if self.is_scalar(name):  # β₁ is no layer's β
            return symbol
        return (
            symbol
            if self.index != "none"
            else Symbol(symbol.base, symbol.gradient, symbol.accent, "", symbol.primes)
        )

    def written(self, name: str) -> str:
        """Return the board's name for a name of the formulas.

        >>> Letters(names={"W": "W1"}, loss="E").written("dW")
        'dW1'
        """
        names = {"L": self.loss, "J": self.cost, **self.names}
        if name in names:
            return names[name]
        if is_gradient(name):
            return "d" + names.get(name[1:], name[1:])
        return name

    def gradient_of(self, base: str) -> str:
        """Return how the gradient with respect to this letter is written."""
        return self.gradients.get(base, self.gradient)
