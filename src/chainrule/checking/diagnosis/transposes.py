"""Slips of orientation: a transpose missing, one too many, or the factors in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Site, variants
from chainrule.formulas import Binary, Expression, Letter, Transpose


def _dropped(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Transpose):
        yield node.operand


def _added(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Binary) and node.operator == "@":
        left, right = node.left, node.right
        if isinstance(left, Letter):
            yield Binary("@", Transpose(left), right)
        if isinstance(right, Letter):
            yield Binary("@", left, Transpose(right))


def _turned(node: Expression) -> Iterator[Expression]:
    """Give a product with both its factors turned: what a whole transpose misses by an order."""
    if isinstance(node, Binary) and node.operator == "@":
        yield Binary("@", _transposed(node.left), _transposed(node.right))


def _transposed(node: Expression) -> Expression:
    return node.operand if isinstance(node, Transpose) else Transpose(node)


def whole(formula: Expression) -> Expression:
    """Return (A·B)ᵀ written as Bᵀ·Aᵀ."""
    if isinstance(formula, Binary) and formula.operator == "@":
        return Binary("@", _transposed(formula.right), _transposed(formula.left))
    return _transposed(formula)


def transpose(site: Site) -> Iterator[Change]:
    """Give every way to have one transpose too few or too many in a matrix product."""
    if not any(isinstance(n, Binary) and n.operator == "@" for n in _nodes(site.formula)):
        return
    for node in _nodes(site.formula):
        if isinstance(node, Transpose) and isinstance(node.operand, Letter):
            for wrong in variants(site.formula, partial(_if, wanted=node, new=node.operand)):
                yield Change(wrong, "The transpose of {" + node.operand.name + "} is missing.")
    for wrong in variants(site.formula, _dropped):
        yield Change(wrong, "A transpose is missing.")
    for wrong in variants(site.formula, _added):
        yield Change(wrong, "There is one transpose too many.")
    yield Change(
        whole(site.formula), "The result is transposed: the factors are the wrong way round."
    )
    for wrong in variants(site.formula, _turned):
        yield Change(wrong, "The transpose is on the wrong factor.")


def order(site: Site) -> Iterator[Change]:
    """Give a matrix product with its factors exchanged."""

    def swapped(node: Expression) -> Iterator[Expression]:
        if isinstance(node, Binary) and node.operator == "@":
            yield Binary("@", node.right, node.left)

    for wrong in variants(site.formula, swapped):
        yield Change(wrong, "The factors of the matrix product are in the wrong order.")


def entrywise(site: Site) -> Iterator[Change]:
    """Give ⊙ where a matrix product is meant."""

    def replaced(node: Expression) -> Iterator[Expression]:
        if isinstance(node, Binary) and node.operator == "@":
            yield Binary("*", node.left, node.right)

    for wrong in variants(site.formula, replaced):
        yield Change(wrong, "An entrywise product stands where a matrix product is meant.")


def _if(node: Expression, wanted: Expression, new: Expression) -> Iterator[Expression]:
    if node is wanted:
        yield new


def _nodes(formula: Expression) -> list[Expression]:
    from chainrule.formulas.tree import walk

    return list(walk(formula))


HYPOTHESES = [
    Hypothesis("transpose", transpose),
    Hypothesis("order of the factors", order),
    Hypothesis("entrywise for matrix product", entrywise),
]
