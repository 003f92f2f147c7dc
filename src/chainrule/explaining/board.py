"""A board: in which letters and which orientation a class writes its network.

Five presets write as the five texts do; a TOML file or a mapping makes one's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.formulas import NOTATIONS, Letters


@dataclass(frozen=True)
class Board:
    """How a board writes.

    forward, backward: orientation, "rows", "columns" or "transposed"; a text may change between.
    per_layer: activations are layers, and each layer has an X and a Y of its own; otherwise
        the values are X, Z₁, A₁, Z₂, … through the network.
    bases: how a letter is written, `{"Z": "z", "W": "ω"}`.
    input_letter: "X", or "A0" where the input is the activation of layer 0.
    target: the letter of the true answer.
    letters: everything else: gradients, products, index, the loss's letter.

    >>> Board().forward
    'rows'
    """

    name: str = "rows"
    forward: str = "rows"
    backward: str = "rows"
    per_layer: bool = False
    bases: Mapping[str, str] = field(default_factory=dict)
    input_letter: str = "X"
    target: str = "Y"
    letters: Letters = field(default_factory=Letters)
    errata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for notation in (self.forward, self.backward):
            if notation not in NOTATIONS:
                raise unknown_name("notation", notation, NOTATIONS)

    def naming(self, names: Mapping[str, str]) -> Letters:
        """Return the letters with the board's spelling for the values of one page."""
        spelled = {name: self.bases[base] + name[len(base) :] for name, base in names.items()}
        return replace(self.letters, names={**self.letters.names, **spelled})


BOARDS: dict[str, Board] = {
    "rows": Board(),
    "columns": Board("columns", "columns", "columns", letters=Letters(samples="columns")),
    "transposed": Board("transposed", "transposed", "transposed", letters=Letters(samples="columns")),
    "ensia": Board(
        "ensia",
        "columns",
        "columns",
        per_layer=True,
        bases={"b": "B"},
        target="T",
        letters=Letters(
            gradient="∂L/∂W", index="none", entrywise_product="", samples="columns", cost="L"
        ),
        errata=("B has as many entries as there are outputs (p), and sums over inputs start at 1.",),
    ),
    "pes": Board(
        "pes",
        "transposed",
        "columns",
        bases={"Z": "z", "A": "a", "W": "w", "Y": "y", "X": "x"},
        letters=Letters(
            gradient="∂L/∂W", index="superscript", loss="C", cost="C", samples="columns"
        ),
        errata=(
            "Forward W is (inputs, outputs), backward w_jk is (outputs, inputs): the same numbers, "
            "turned.",
            "A gradient points uphill, locally; no gradient points to the global minimum.",
        ),
    ),
    "savoga": Board(
        "savoga",
        "transposed",
        "transposed",
        bases={"Z": "z", "A": "a", "W": "ω", "Y": "y"},
        letters=Letters(
            index="brackets", loss="ℒ", cost="J", entrywise_product="*", samples="columns",
            logarithm="log",
        ),
        errata=(
            "The loss grows when y ≠ ŷ; it does not decrease.",
            "z = ωᵀx + b in the arrow line as well.",
        ),
    ),
    "neuronine": Board(
        "neuronine",
        "rows",
        "rows",
        bases={"b": "B"},
        input_letter="A0",
        letters=Letters(
            gradient="∂L/∂W", gradients={"Z": "ΔW"}, index="superscript", cost="L", loss="L"
        ),
        errata=(
            "With samples in rows the weights' gradient is Aᵀ·ΔZ: (n, m)·(m, l) → (n, l). The text's "
            "ΔZ·Aᵀ is (m, l)·(n, m), which fits only when l = n, and is then another matrix.",
        ),
    ),
    "ai-library": Board(
        "ai-library",
        "columns",
        "columns",
        per_layer=True,
        bases={"b": "B"},
        target="T",
        letters=Letters(
            gradient="dL/dW", loss="E", cost="E", index="none", entrywise_product="∘",
            samples="columns",
        ),
        errata=(
            "With samples in columns the input's gradient is Wᵀ·dE/dY: (i, j)·(j, m) → (i, m). The "
            "text's dE/dY·Wᵀ is (j, m)·(i, j), which does not fit.",
        ),
    ),
}  # fmt: skip


def board_named(name: str) -> Board:
    """Return a preset.

    >>> board_named("columns").backward
    'columns'
    """
    if name not in BOARDS:
        raise unknown_name("board", name, BOARDS)
    return BOARDS[name]


def board_from_data(data: Mapping[str, Any]) -> Board:
    """Return a board from a table as it stands in a TOML file; `like` names a preset to start from.

    Raises ConfigurationError for a key that is not known.

    >>> board_from_data({"like": "columns", "letters": {"loss": "E"}}).letters.loss
    'E'
    """
    entries = dict(data)
    base = board_named(entries.pop("like", "rows"))
    if "notation" in entries:
        notation = entries.pop("notation")
        base = replace(base, forward=notation, backward=notation)
        sides = NOTATIONS.get(notation, "rows")
        base = replace(base, letters=replace(base.letters, samples=sides))
    known = [f.name for f in fields(Board)]
    for key in entries:
        if key not in known:
            raise unknown_name("setting of the board", key, [*known, "like", "notation"])
    letters = entries.pop("letters", {})
    if not isinstance(letters, Mapping):
        raise ConfigurationError(f"the board's letters must be a table, got {letters!r}")
    whole = {f.name: getattr(base.letters, f.name) for f in fields(Letters)}
    return replace(base, letters=Letters.from_data({**whole, **letters}), **entries)
