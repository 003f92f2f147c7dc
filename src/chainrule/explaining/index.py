"""The index form: the same derivatives as sums over units and samples, with the numbers."""

from __future__ import annotations

import numpy as np

from chainrule.explaining.chain import Chains, Node, node_of
from chainrule.explaining.derivations import derivation_of, read_entry, simplest
from chainrule.explaining.entries import Entry, Partial, Sum
from chainrule.explaining.focus import Focus, Value, entry_on_board
from chainrule.explaining.matrix import slope
from chainrule.explaining.page import Block, Chain, Equation, Factor, Section
from chainrule.explaining.symbolic import functions_of, loss_slope, on_board, to_loss
from chainrule.explaining.writer import Writer
from chainrule.formulas import Binary, Expression


def sums(writer: Writer, focus: Focus | None) -> Section:
    """Return the section of the index form, from the loss back to the input."""
    blocks: list[Block] = []
    tool = Chains(writer)
    last = len(writer.trace.records) - 1
    first = slope(writer)
    if first is not None and focus is None:
        node = node_of(writer, whole(writer, last, "Y"))
        left = to_loss(writer, tool.entry(node))
        rights = (loss_slope(writer, node[2]) or first.formulas[-1],)
        value = np.asarray(tool.gradient(node))
        blocks.append(Equation(left, rights, functions=tool.functions, result=value))
    for i in reversed(range(len(writer.trace.records))):
        record = writer.trace.records[i]
        letters = list(record.params)
        for letter in [*letters, "X"]:
            if focus is not None and (i, letter) != _asked(focus, last):
                continue
            one = focus if focus is not None else whole(writer, i, letter)
            place = node_of(writer, one)[2]
            blocks += entry_sum(writer, tool, (i, letter, place))
    remark = "as sums; the numbers are those of the entry with the largest derivative"
    return Section("BACKPROPAGATE", tuple(blocks), remark="" if focus else remark)


def _asked(focus: Focus, last: int) -> tuple[int, str]:
    value = focus.value
    if value.letter == "Y" and value.i < last:  # an output is the next layer's input
        return value.i + 1, "X"
    return value.i, value.letter


def whole(writer: Writer, i: int, letter: str) -> Focus:
    """Return the focus on a whole value."""
    name = writer.naming.records[i][letter]
    return Focus(Value(name, i, letter, name, ()), None, name)


def entry_sum(writer: Writer, tool: Chains, node: Node) -> list[Block]:
    """Return the sum in letters, and with the numbers of one entry."""
    i, letter, _ = node
    general = in_letters(writer, i, letter)
    outputs = tool.steps(node)
    chain, _ = tool.fork(node, outputs)
    shown = _shown(chain, outputs, tool)
    products = tuple(merged(tool, p, o) for p, o in zip(chain.products, shown, strict=True))
    chain = Chain(chain.left, products, chain.result, (), chain.omitted, chain.functions,
                  tool.nudged(node), chain.remark)  # fmt: skip
    return [*general, chain]


def _shown(chain: Chain, outputs: list[Node], tool: Chains) -> list[Node]:
    wanted = [p[0].derivative for p in chain.products]
    return [o for o in outputs if to_loss(tool.writer, tool.entry(o)) in wanted]


def merged(tool: Chains, product: tuple[Factor, ...], output: Node) -> tuple[Factor, ...]:
    """Return ∂C/∂z as ∂C/∂a · ∂a/∂z where an activation follows."""
    following = tool.following(output)
    if following is None or not is_elementwise_layer(tool.writer, following[0]):
        return product
    (after,) = tool.steps(following)
    return (tool.last(after), tool.factor(after, following), *product[1:])


def is_elementwise_layer(writer: Writer, i: int) -> bool:
    """Say whether layer i is an activation with letters of its own, a for z."""
    if writer.board.per_layer:
        return False
    derivation = derivation_of(writer.trace.records[i].formulas)
    return derivation is not None and list(derivation.partials) == ["X[i,k]"]


def in_letters(writer: Writer, i: int, letter: str, onward: bool = True) -> list[Block]:
    """Return ∂L/∂x = Σ ∂L/∂y · ∂y/∂x in letters, and with ∂y/∂x put in.

    `onward` writes ∂L/∂z as ∂L/∂a · ∂a/∂z where an activation follows.
    """
    record = writer.trace.records[i]
    derivation = derivation_of(record.formulas)
    if derivation is None:
        return []
    functions = functions_of(writer)
    for key, text in derivation.partials.items():
        target = read_entry(key)
        if not isinstance(target, Entry) or target.name != letter:
            continue
        output = entry_on_board(writer, i, "Y", ("i", "k"))
        own = entry_on_board(writer, i, letter, target.index)
        carried: Expression = to_loss(writer, output)
        following = i + 1
        follows = following < len(writer.trace.records)
        if onward and record.params and follows and is_elementwise_layer(writer, following):
            after = entry_on_board(writer, following, "Y", ("i", "k"))
            carried = Binary("*", to_loss(writer, after), Partial(after, output))
        first = Binary("*", carried, Partial(output, own))
        second = Binary("*", to_loss(writer, output), on_board(writer, i, read_entry(text)))
        free = [n for n in ("i", "k") if n not in target.index]
        if writer.samples == 1:
            free = [n for n in free if n != "i"]
        rights: list[Expression] = [first, simplest(second)]
        for name in reversed(free):
            rights = [Sum(writer.board.indices.get(name, name), right) for right in rights]
        return [Equation(to_loss(writer, own), tuple(rights), functions=functions)]
    return []
