"""Local derivatives in letters: ∂z₁[2]/∂w₁[2,1] is x[1], as the board writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explaining.derivations import (
    at,
    derivation_of,
    places_of,
    read_entry,
    simplest,
)
from chainrule.explaining.entries import Entry, Partial, Sum, below, over
from chainrule.explaining.focus import entry_on_board, reduced
from chainrule.explaining.local import Place
from chainrule.explaining.writer import Writer
from chainrule.formulas import Binary, Call, Expression, Letter, letters_in
from chainrule.formulas.functions import is_elementwise
from chainrule.formulas.tree import walk


def functions_of(writer: Writer) -> dict[str, Any]:
    """Return every named function of the network."""
    found: dict[str, Any] = {}
    for record in writer.trace.records:
        found |= record.formulas.functions
    return found


def to_loss(writer: Writer, entry: Entry) -> Partial:
    """Return ∂L/∂entry."""
    return Partial(Letter(writer.total), entry)


def own_formula(
    writer: Writer, i: int, output: Place, letter: str, place: Place
) -> Expression | None:
    """Return what ∂Y[output]/∂letter[place] is in letters; None where the layer does not say."""
    record = writer.trace.records[i]
    derivation = derivation_of(record.formulas)
    if derivation is None:
        return None
    named = _with_functions(record.formulas)
    for key, text in {**derivation.partials, **named}.items():
        target = read_entry(key)
        if not isinstance(target, Entry) or target.name != letter:
            continue
        elementwise = target.index == ("i", "k")
        if elementwise and len(output) != 2:  # images: each entry by itself
            return None
        known = places_of(("i", "k"), output)
        own = places_of(target.index, place)
        if known is None or own is None:
            return None
        if any(known.get(n, v) != v for n, v in own.items()):
            return None
        return on_board(writer, i, simplest(at(read_entry(text), {**known, **own})))
    return None


def _with_functions(formulas: Any) -> dict[str, str]:
    """Return σ′(x) for a layer with a named function: shorter than what it is worth."""
    for name in formulas.functions:
        if f"d_{name}(X)" in formulas.backward.get("dX", ""):
            return {"X[i,k]": f"d_{name}(X[i,k])"}
    return {}


def loss_slope(writer: Writer, place: Place) -> Expression | None:
    """Return ∂L/∂z of one output in letters, where the loss states it entry by entry."""
    formulas = writer.trace.loss.formulas
    if "dZ" not in formulas.backward:
        return None
    formula = writer.weighed(formulas.backward["dZ"])
    for node in walk(formula):
        if isinstance(node, Call) and not is_elementwise(node.name, formulas.functions):
            return None
    names, shape = writer.naming.loss, writer.trace.targets.shape
    letters = {n for n in letters_in(formula) if n in ("Z", "Y", "A")}

    def put(node: Expression) -> Expression:
        if isinstance(node, Letter) and node.name in letters:
            return reduced(writer, names[node.name], "Y", shape, place)
        return over(node, tuple(map(put, below(node))))

    return put(formula)


def on_board(writer: Writer, i: int, expression: Expression, back: bool = True) -> Expression:
    """Return a formula over layer i's entries in the board's letters and order."""
    match expression:
        case Entry(name, index):
            if name == "L":
                return loss_entry(writer, index)
            return entry_on_board(writer, i, name, index, back)
        case Sum(index, body):
            inner = on_board(writer, i, body, back)
            return Sum(writer.board.indices.get(index, index), inner)
        case Letter(name) if name in "ijk":
            return Letter(writer.board.indices.get(name, name))
        case Binary():
            pass
    return over(expression, tuple(on_board(writer, i, c, back) for c in below(expression)))


def on_board_loss(writer: Writer, expression: Expression) -> Expression:
    """Return a formula over the loss's entries in the board's letters and order."""
    match expression:
        case Entry("L", index):
            return loss_entry(writer, index)
        case Entry(name, index):
            shape = np.shape(writer.trace.targets)
            return reduced(writer, writer.naming.loss[name], "Y", shape, index)
        case Sum(index, body):
            return Sum(writer.board.indices.get(index, index), on_board_loss(writer, body))
        case Letter(name) if name in "ijk":
            return Letter(writer.board.indices.get(name, name))
    return over(expression, tuple(on_board_loss(writer, c) for c in below(expression)))


def loss_entry(writer: Writer, index: tuple[int | str, ...]) -> Expression:
    """Return L, or the L of one sample of several."""
    if writer.samples == 1:
        return Letter("L")
    (i,) = index
    return Entry("L", (i + 1 if isinstance(i, int) else writer.board.indices.get(i, i),))
