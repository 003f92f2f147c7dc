"""The chain form: a derivative as the product of its factors, each with its number.

    ∂L/∂w₁[2,1] = ∂L/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂a₁[2] · ∂a₁[2]/∂z₁[2] · ∂z₁[2]/∂w₁[2,1]

Where one entry reaches the loss on a few ways, their products are added up; where on many, the
chain is told layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from chainrule.explaining.entries import Entry, Partial
from chainrule.explaining.figures import scalar
from chainrule.explaining.focus import Focus, Value, entry_on_board, values_of
from chainrule.explaining.local import Local, Place
from chainrule.explaining.nudge import nearest
from chainrule.explaining.page import Block, Chain, Factor, Note, Section
from chainrule.explaining.symbolic import (
    functions_of,
    loss_slope,
    own_formula,
    to_loss,
)
from chainrule.explaining.writer import Writer
from chainrule.formulas import Expression, Number
from chainrule.namespace import Array
from chainrule.tree import flatten

WAYS = 4  # more are not written out
TERMS = 6  # of a sum that are shown
RANKED = 300  # outputs whose local derivatives are all computed

Node = tuple[int, str, Place]  # layer, letter, place


class Chains:
    """Writes chains of one pass."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.locals = [Local(record) for record in writer.trace.records]
        self.functions = functions_of(writer)

    def gradient(self, node: Node) -> float:
        """Return ∂L at an entry, as the code computed it."""
        i, letter, place = node
        return float(np.asarray(self.writer.trace.records[i].values["d" + letter])[place])

    def entry(self, node: Node) -> Entry:
        """Return a node as it is written."""
        return entry_on_board(self.writer, *node)

    def steps(self, node: Node) -> list[Node]:
        """Return where an entry goes: the outputs of its layer that it moves."""
        i, letter, place = node
        return [(i, "Y", output) for output in self.locals[i].affected(letter, place)]

    def following(self, node: Node) -> Node | None:
        """Return an output as the next layer's input, None at the end."""
        i, _, place = node
        return (i + 1, "X", place) if i + 1 < len(self.locals) else None

    def factor(self, output: Node, node: Node) -> Factor:
        """Return ∂output/∂node."""
        i, letter, place = node
        value = self.locals[i].derivative(output[2], letter, place)
        formula = own_formula(self.writer, i, output[2], letter, place)
        given = isinstance(formula, Number) or self.is_given(formula, i)
        return Factor(Partial(self.entry(output), self.entry(node)), formula, value, given)

    def is_given(self, formula: Expression | None, i: int) -> bool:
        """Say whether a formula of layer i is an entry that stands on the board."""
        first = i == 0 and self.writer.naming.records[0]["X"]
        return isinstance(formula, Entry) and formula.name in (*self.writer.given, first)

    def last(self, output: Node) -> Factor:
        """Return ∂L/∂output, from the loss itself or as the code carried it back."""
        value = self.gradient(output)
        formula = None
        if output[0] == len(self.locals) - 1:
            formula = loss_slope(self.writer, output[2])
        return Factor(to_loss(self.writer, self.entry(output)), formula, value)

    def ways(self, node: Node, room: int = WAYS) -> list[list[Node]] | None:
        """Return every way from an entry to the network's output; None where they are too many."""
        found: list[list[Node]] = []
        outputs = self.steps(node)
        if len(outputs) > room:
            return None
        for output in outputs:
            following = self.following(output)
            if following is None:
                found.append([node, output])
                continue
            rest = self.ways(following, room - len(found))
            if rest is None or len(found) + len(rest) > room:
                return None
            found += [[node, *way] for way in rest]
        return found

    def product(self, way: list[Node]) -> tuple[Factor, ...]:
        """Return the factors along one way, from the loss down."""
        factors = [self.factor_between(a, b) for a, b in pairwise(way)]
        return (self.last(way[-1]), *reversed(factors))

    def factor_between(self, a: Node, b: Node) -> Factor:
        """Return the factor from an entry to where it goes next."""
        i = a[0]
        return self.factor((i, "Y", b[2]), a)

    def chains(self, node: Node, remark: str = "") -> list[Chain]:
        """Return the chain of an entry; several, layer by layer, where the ways are many."""
        check = self.nudged(node)
        left = to_loss(self.writer, self.entry(node))
        if node[1] == "Y":  # an output is the next layer's input
            following = self.following(node)
            if following is None:
                return [Chain(left, ((self.last(node),),), self.gradient(node),
                              functions=self.functions)]  # fmt: skip
            return self.chains(following, remark)
        ways = self.ways(node)
        if ways:
            products = tuple(self.product(way) for way in ways)
            return [Chain(left, products, self.gradient(node), functions=self.functions,
                          nudge=check, remark=remark)]  # fmt: skip
        chains = []
        current: Node | None = node
        while current is not None:
            chain, current = self.staged(current)
            chains.append(chain)
        first = chains[0]
        chains[0] = Chain(first.left, first.products, first.result, first.general, first.omitted,
                          first.functions, check, remark)  # fmt: skip
        return chains

    def staged(self, node: Node) -> tuple[Chain, Node | None]:
        """Return ∂L/∂entry by the next fork's outputs, and the largest of these to go on with."""
        way, current = [node], node
        outputs = self.steps(current)
        while len(outputs) == 1:
            following = self.following(outputs[0])
            way.append(outputs[0] if following is None else following)
            if following is None:
                break
            current = following
            outputs = self.steps(current)
        left = to_loss(self.writer, self.entry(node))
        if len(outputs) == 1 or len(way) > 1:
            end = way[-1]
            product = self.product(way) if end[1] == "Y" else self._to(way)
            chain = Chain(left, (product,), self.gradient(node), functions=self.functions)
            return chain, None if end[1] == "Y" else end
        return self.fork(node, outputs)

    def _to(self, way: list[Node]) -> tuple[Factor, ...]:
        """Return the factors of a way that ends before a fork: ∂L/∂a · ∂a/∂z · ∂z/∂w."""
        factors = [self.factor_between(a, b) for a, b in pairwise(way)]
        end = way[-1]
        return (Factor(to_loss(self.writer, self.entry(end)), None, self.gradient(end)),
                *reversed(factors))  # fmt: skip

    def fork(self, node: Node, outputs: list[Node]) -> tuple[Chain, Node | None]:
        """Return the sum over all outputs that an entry moves."""
        weighed = sorted(outputs, key=lambda o: -abs(self.gradient(o)))
        if len(outputs) <= RANKED:
            weighed.sort(key=lambda o: -abs(self.gradient(o) * self.slope(o, node)))
        shown = sorted(weighed[:TERMS]) if len(outputs) > TERMS + 2 else outputs
        products = tuple((self.last(o), self.factor(o, node)) for o in shown)
        rest = 0.0
        if len(shown) < len(outputs):
            rest = self.gradient(node) - sum(p[0].value * p[1].value for p in products)
        chain = Chain(
            to_loss(self.writer, self.entry(node)), products, self.gradient(node),
            omitted=(len(outputs) - len(shown), rest), functions=self.functions,
            remark="the largest" if rest else "",
        )  # fmt: skip
        return chain, self.following(weighed[0])

    def slope(self, output: Node, node: Node) -> float:
        """Return ∂output/∂node as a number."""
        return self.locals[node[0]].derivative(output[2], node[1], node[2])

    def nudged(self, node: Node) -> float | None:
        """Return the numeric derivative of a parameter's or an input's entry."""
        i, letter, place = node
        writer, exact = self.writer, self.gradient(node)
        if letter in writer.trace.records[i].params:
            path = writer.parameter_path(i, letter)
            return nearest(writer.loss_of(path), flatten(writer.params)[path], place, exact)
        if (i, letter) == (0, "X"):
            at: Callable[[Array], float] = lambda X: writer.loss_at(writer.params, X)  # noqa: E731
            return nearest(at, writer.trace.X, place, exact)
        return None


def chains(writer: Writer, focus: Focus | None) -> Section:
    """Return the section of the chain form: one entry of every parameter, or the focus."""
    blocks: list[Block] = []
    chosen = [focus] if focus else [
        Focus(v, None, v.name) for v in values_of(writer).values() if v.letter not in "XY"
    ]  # fmt: skip
    tool = Chains(writer)
    for one_ in reversed(chosen):
        node = node_of(writer, one_)
        blocks += [Note(named(writer, one_.value, node)), *tool.chains(node)]
    remark = "" if focus else "of each, its entry with the largest derivative"
    return Section("BACKPROPAGATE", tuple(blocks), remark=remark)


def one(writer: Writer, focus: Focus) -> Section:
    """Return the section ONE WEIGHT (or bias, or unit) for a focus."""
    node = node_of(writer, focus)
    kind = {"W": "WEIGHT", "b": "BIAS", "X": "UNIT", "Y": "UNIT"}.get(
        focus.value.letter, "PARAMETER"
    )
    from chainrule.explaining.unit import unit

    blocks: list[Block] = [*unit(writer, focus, node), *Chains(writer).chains(node)]
    return Section(f"ONE {kind}", tuple(blocks), remark=named(writer, focus.value, node))


def node_of(writer: Writer, focus: Focus) -> Node:
    """Return the entry that is meant; of a whole value, the one with the largest derivative."""
    value, place = focus.value, focus.place
    if place is None:
        gradient = np.asarray(writer.trace.records[value.i].values["d" + value.letter])
        flat = int(np.abs(gradient).argmax())
        place = tuple(int(n) for n in np.unravel_index(flat, gradient.shape))
    return value.i, value.letter, place


def named(writer: Writer, value: Value, node: Node) -> str:
    """Say which entry it is, on the board, in words and in the code."""
    i, letter, place = node
    record = writer.trace.records[i]
    number = scalar(float(np.asarray(record.values[letter])[place]), given=letter in record.params)
    shown = f"{writer.text(entry_on_board(writer, i, letter, place))} = {number}"
    inside = ", ".join(map(str, place))
    if letter not in record.params:
        return f'{shown}, in the code {letter}[{inside}] of layer "{record.path}"'
    path = writer.parameter_path(i, letter)
    words = ""
    last = i == max(n for n, r in enumerate(writer.trace.records) if r.params)
    unit = "output" if last else "hidden unit"
    if letter == "W" and len(place) == 2:
        first = i == min(n for n, r in enumerate(writer.trace.records) if r.params)
        words = f", {'input' if first else 'unit'} {place[0] + 1} to {unit} {place[1] + 1}"
    elif letter == "b":
        words = f", of {unit} {place[0] + 1}"
    return f"{shown}{words} ({path}[{inside}] in the code)"
