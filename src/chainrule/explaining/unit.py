"""One unit up close: what goes into it, and what comes out."""

from __future__ import annotations

from chainrule.explaining.derivations import at, derivation_of, entry_value, read_entry
from chainrule.explaining.entries import Entry, Sum
from chainrule.explaining.focus import Focus, entry_on_board
from chainrule.explaining.local import Place
from chainrule.explaining.page import Block, Chain, Factor
from chainrule.explaining.symbolic import functions_of, on_board
from chainrule.explaining.writer import Writer
from chainrule.formulas import Binary, Expression

TERMS = 6


def unit(writer: Writer, focus: Focus, node: tuple[int, str, Place]) -> list[Block]:
    """Return how a unit's value comes about: its largest terms, and what they add up to."""
    i, letter, place = node
    if letter != "Y" or len(place) != 2:
        return []
    record = writer.trace.records[i]
    derivation = derivation_of(record.formulas)
    if derivation is None:
        return []
    left = entry_on_board(writer, i, "Y", place, back=False)
    formula = at(read_entry(derivation.entry), dict(zip("ik", place, strict=True)))
    general = on_board(writer, i, formula, back=False)
    value = float(record.values["Y"][place])
    blocks: list[Block] = []
    if not record.params and i > 0:  # an activation: what it is made of comes first
        blocks += unit(writer, focus, (i - 1, "Y", place))
    products, omitted = terms(writer, i, formula)
    blocks.append(Chain(left, products, value, (general,), omitted, functions=functions_of(writer)))
    return blocks


def terms(
    writer: Writer, i: int, formula: Expression
) -> tuple[tuple[tuple[Factor, ...], ...], tuple[int, float]]:
    """Return the products that a Σ x·w + b adds up, the largest of many, and what the rest is."""
    record = writer.trace.records[i]
    sizes = {"j": record.values["X"].shape[-1], "k": record.values["Y"].shape[-1]}
    match formula:
        case Binary("+", Sum(index, Binary("*", Entry() as a, Entry() as b)), Entry() as c):
            pairs = [(at(a, {index: n}), at(b, {index: n})) for n in range(sizes[index])]
        case _:
            return (), (0, 0.0)

    def factor(entry: Expression) -> Factor:
        value = entry_value(entry, record.values, sizes)
        shown = on_board(writer, i, entry, back=False)
        return Factor(shown, None, value, isinstance(shown, Entry) and shown.name in writer.given)

    found = [(factor(a), factor(b)) for a, b in pairs]
    kept = found
    if len(found) > TERMS + 2:
        largest = sorted(found, key=lambda p: -abs(p[0].value * p[1].value))[:TERMS]
        kept = [p for p in found if p in largest]
    rest = sum(p[0].value * p[1].value for p in found) - sum(p[0].value * p[1].value for p in kept)
    return (*kept, (factor(c),)), (len(found) - len(kept), rest)
