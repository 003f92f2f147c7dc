"""Names for the values of a pass: X → Z₁ → A₁ → Z₂ → … in a network, or X → Y in every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.explaining.board import Board
from chainrule.explaining.trace import Trace
from chainrule.formulas import Expression, Letter, Letters, letters_in, substitute

Names = Mapping[str, str]


@dataclass(frozen=True)
class Naming:
    """For each record, and for the loss, what its formulas' letters are called on the page."""

    records: Sequence[Names]
    loss: Names
    letters: Letters

    def output(self, i: int) -> str:
        """Return the name of what record i gives."""
        return self.records[i]["Y"]


def name_values(trace: Trace, board: Board) -> Naming:
    """Name every value of the pass in the board's manner."""
    records: list[dict[str, str]] = []
    bases: dict[str, str] = {board.input_letter: board.input_letter[0], board.target: "Y"}
    count = sum(bool(record.params) for record in trace.records)
    current, layer, activated = board.input_letter, 0, False
    for record in trace.records:
        if board.per_layer:
            own = {p: own_name(p, "", list(record.params)) for p in record.params}
            records.append({"X": "X", "Y": "Y", **own})
            bases |= {**{name: p.rpartition(".")[2] for p, name in own.items()}, "X": "X", "Y": "Y"}
            current = "Y"
            continue
        names = {"X": current}
        if record.params:
            layer, activated = layer + 1, False
        index = str(layer) if count > 1 else ""
        inner = [n for n in record.formulas.forward if n not in ("X", "Y")]
        for parameter in (*record.params, *inner):
            names[parameter] = own_name(parameter, index, list(record.params))
            bases[names[parameter]] = parameter.rpartition(".")[2]
        if record.params:
            current = "Z" + index
        elif layer == 0:
            current += "′"
        else:
            current = current + "′" if activated else "A" + index
            activated = True
        bases[current] = current[0]
        names["Y"] = current
        records.append(names)
    index = str(layer) if count > 1 and not board.per_layer else ""
    loss = {"Z": current, "Y": board.target, "A": "A" + index}
    bases["A" + index] = "A"
    letters = board.naming(bases, len(trace.X))
    return Naming(records, loss, letters)


def own_name(parameter: str, index: str, all_of_layer: list[str]) -> str:
    """Return a parameter's name on the page; inside a layer made of layers it has a letter too.

    >>> own_name("W", "2", ["W", "b"]), own_name("1.W", "2", ["0.W", "0.b", "1.W"])
    ('W2', 'W_2b')
    """
    place, dot, name = parameter.rpartition(".")
    if not dot:
        return name + index
    places = list(dict.fromkeys(p.rpartition(".")[0] for p in all_of_layer))
    return f"{name}_{index}{chr(ord('a') + places.index(place) % 26)}"


def renamed(expression: Expression, names: Names) -> Expression:
    """Return the formula in the page's names; gradients follow their letters.

    >>> from chainrule.formulas import parse
    >>> print(renamed(parse("dY @ W.T"), {"Y": "Z2", "W": "W2"}))
    dZ2 @ W2.T
    """
    new = {name: Letter(page_name(name, names)) for name in letters_in(expression)}
    return substitute(expression, new)


def page_name(name: str, names: Names) -> str:
    """Return what a letter of a layer's formulas is called on the page."""
    if name in names:
        return names[name]
    if name.startswith("d") and name[1:] in names:
        return "d" + names[name[1:]]
    return name
