"""A board: in which letters and which orientation a class writes its network.

Five presets write as the five texts do; a TOML file or a mapping makes one's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.formulas import NOTATIONS, Letters, samples_of


@dataclass(frozen=True)
class Erratum:
    """Where this page differs from the board's text, and why.

    `theirs` and `here` are formulas for `left` in the page's letters, as they stand (not turned);
    both empty where words say it all.
    """

    why: str
    left: str = ""
    theirs: str = ""
    here: str = ""


@dataclass(frozen=True)
class Board:
    """How a board writes.

    forward, backward: orientation, "rows", "columns" or "transposed"; a text may change between.
    per_layer: activations are layers, and each layer has an X and a Y of its own; otherwise
        the values are X, Z₁, A₁, Z₂, … through the network.
    bases: how a letter is written, `{"Z": "z", "W": "ω"}`.
    batch_bases: the same where there is more than one sample, if that differs.
    indices: letters that run over samples (i), outputs (k) and inputs (j), `{"k": "j", "j": "k"}`.
    fold: whether the weights' gradient is written with the error in it, X·(A − Y)ᵀ.
    with_hidden: the board's name for networks with hidden layers, if that is another.
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
    batch_bases: Mapping[str, str] | None = None
    indices: Mapping[str, str] = field(default_factory=dict)
    fold: bool = False
    with_hidden: str = ""
    input_letter: str = "X"
    target: str = "Y"
    letters: Letters = field(default_factory=Letters)
    errata: tuple[Erratum, ...] = ()

    def __post_init__(self) -> None:
        for notation in (self.forward, self.backward):
            if notation not in NOTATIONS:
                raise unknown_name("notation", notation, NOTATIONS)

    def naming(self, names: Mapping[str, str], samples: int = 1) -> Letters:
        """Return the letters with the board's spelling for names, each given with its base."""
        bases = self.bases if samples == 1 or self.batch_bases is None else self.batch_bases
        spelled: dict[str, str] = {}
        for name, base in names.items():
            if base in bases:
                for primes in ("", "′", "′′"):
                    spelled[name + primes] = bases[base] + name[len(base) :] + primes
        return replace(self.letters, names={**self.letters.names, **spelled})


_TURNED = Letters(samples="columns")

BOARDS: dict[str, Board] = {
    "rows": Board(),
    "columns": Board("columns", "columns", "columns", letters=_TURNED),
    "transposed": Board("transposed", "transposed", "transposed", letters=_TURNED),
    "ensia": Board(
        "ensia",
        "columns",
        "columns",
        per_layer=True,
        bases={"b": "B"},
        indices={"k": "i", "i": "s"},
        target="T",
        letters=replace(_TURNED, gradient="∂L/∂W", index="none", entrywise_product="", cost="L"),
        errata=(
            Erratum("B has one entry per output, so it runs to p; sums over inputs begin at 1."),
        ),
    ),
    "pes": Board(
        "pes",
        "transposed",
        "columns",
        bases={"Z": "z", "A": "a", "W": "w", "Y": "y", "X": "x"},
        indices={"k": "j", "j": "k"},
        letters=replace(_TURNED, gradient="∂L/∂W", index="superscript", loss="C", cost="C"),
        errata=(
            Erratum(
                "Forward, W is (inputs, outputs); on the way back w_jk is (outputs, inputs): the "
                "same numbers, turned."
            ),
            Erratum(
                "A gradient points uphill, locally. None points to the global minimum, and the "
                "step against it need not lead there."
            ),
        ),
    ),
    "savoga": Board(
        "savoga",
        "transposed",
        "transposed",
        bases={"Z": "z", "A": "a", "W": "ω", "Y": "y", "X": "x"},
        batch_bases={"Z": "z", "W": "w"},
        fold=True,
        with_hidden="savoga-2",
        letters=replace(
            _TURNED, index="brackets", loss="ℒ", entrywise_product="*", logarithm="log"
        ),
        errata=(
            Erratum("The loss grows where y ≠ ŷ; it does not decrease."),
            Erratum(
                "The arrow line back has z = ω + b:", "Z", theirs="W + b", here="W.T @ X + b"
            ),
        ),
    ),
    "savoga-2": Board(
        "savoga-2",
        "columns",
        "columns",
        bases={"Z": "z", "A": "a", "Y": "y", "X": "x"},
        batch_bases={},
        fold=True,
        letters=replace(
            _TURNED, index="brackets", loss="ℒ", entrywise_product="*", logarithm="log"
        ),
        errata=(
            Erratum(
                "W[2] must be turned to carry the error back:",
                "dA1", theirs="(A2 - Y) @ W2", here="W2.T @ (A2 - Y)",
            ),
            Erratum("The parameters are W[1], b[1], W[2], b[2]; b[2] is listed twice."),
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
            Erratum(
                "With samples in rows the activation comes first:",
                "dW1", theirs="dZ1 @ A0.T", here="A0.T @ dZ1",
            ),
            Erratum(
                "What adds up to one number is Σ over the m rows; as a mean it is 1/m Σ, and the "
                "1/m then stands in every gradient."
            ),
        ),
    ),
    "ai-library": Board(
        "ai-library",
        "columns",
        "columns",
        per_layer=True,
        bases={"b": "B"},
        indices={"k": "j", "j": "i", "i": "s"},
        target="T",
        letters=replace(
            _TURNED,
            gradient="dL/dW", loss="E", cost="E", index="none",
            matrix_product="·", entrywise_product="∘",
        ),
        errata=(
            Erratum(
                "W must be turned, and stands first:",
                "dX", theirs="dY @ W.T", here="W.T @ dY",
            ),
            Erratum(
                "Two forms of one line that hold for different W: WᵀX for W of (inputs, outputs), "
                "W·X for W of (outputs, inputs). Here W is (outputs, inputs)."
            ),
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

    `notation` sets both ways at once. Raises ConfigurationError for a key that is not known.

    >>> board_from_data({"like": "columns", "letters": {"loss": "E"}}).letters.loss
    'E'
    """
    entries = dict(data)
    base = board_named(entries.pop("like", "rows"))
    if "notation" in entries:
        notation = entries.pop("notation")
        base = replace(base, forward=notation, backward=notation)
    known = [f.name for f in fields(Board)]
    for key, value in entries.items():
        if key not in known:
            raise unknown_name("setting of the board", key, [*known, "like", "notation"])
        wanted = type(getattr(base, key))
        if key in ("letters", "bases", "indices", "batch_bases"):
            wanted = Mapping
        if key != "errata" and not isinstance(value, wanted):
            what = {Mapping: "a table", bool: "true or false"}.get(wanted, "text")
            raise ConfigurationError(f"{key} of the board must be {what}, got {value!r}")
    entries["errata"] = tuple(map(_erratum, entries.get("errata", base.errata)))
    letters = entries.pop("letters", {})
    side = samples_of(entries.get("backward", base.backward))
    whole = {f.name: getattr(base.letters, f.name) for f in fields(Letters)}
    return replace(
        base, letters=Letters.from_data({**whole, "samples": side, **letters}), **entries
    )


def _erratum(data: Any) -> Erratum:
    if isinstance(data, Erratum):
        return data
    if isinstance(data, str):
        return Erratum(data)
    known = [f.name for f in fields(Erratum)]
    for key in data:
        if key not in known:
            raise unknown_name("setting of an erratum", key, known)
    return Erratum(**data)
