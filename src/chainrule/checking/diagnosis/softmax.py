"""Slips with softmax: taken entry by entry, applied twice, summed along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.derivatives import _softmax_parts
from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Site, variants
from chainrule.formulas import Binary, Call, Expression, Letter, parse, substitute
from chainrule.formulas.tree import walk

ELEMENTWISE_NOTE = (
    "y(1 − y) is only the diagonal of its Jacobian. Every output depends on every input of its "
    "sample, ∂y_k/∂x_j = y_k([k = j] − y_j), so the rest has to come in as well."
)


ONCE = "keep this, and take softmax once in forward"


def elementwise(site: Site) -> Iterator[Change]:
    """Give dy ⊙ y ⊙ (1 − y), as if softmax were a sigmoid."""
    parts = _softmax_parts(site)
    if parts is not None:
        y, upstream = parts
        wrong = substitute(parse(f"u * {y} * (1 - {y})"), {"u": upstream})
        yield Change(wrong, "Softmax is treated as an elementwise function.", ELEMENTWISE_NOTE)
        zs = [z for z, name in site.program.activations.items() if name.startswith("softmax")]
        for z in zs:
            wrong = substitute(parse(f"u * {z} * (1 - {z})"), {"u": upstream})
            yield Change(wrong, "Softmax is treated as an elementwise function.", ELEMENTWISE_NOTE)
        wrong = substitute(parse(f"u * {y}"), {"u": upstream})
        yield Change(wrong, "The sum in softmax's derivative is missing.", ELEMENTWISE_NOTE)
    if site.of_loss:
        for wrong in variants(site.formula, _through_diagonal):
            yield Change(wrong, "Softmax is treated as an elementwise function.", ELEMENTWISE_NOTE)


def _through_diagonal(node: Expression) -> Iterator[Expression]:
    """Give (−y/a) ⊙ a ⊙ (1 − a) and (a − y) ⊙ a ⊙ (1 − a) for a − y, where a is a softmax's."""
    if isinstance(node, Binary) and node.operator == "-" and node.right == Letter("Y"):
        letters = {"a": node.left}
        yield substitute(parse("-(Y / a) * a * (1 - a)"), letters)
        yield substitute(parse("(a - Y) * a * (1 - a)"), letters)


def twice(site: Site) -> Iterator[Change]:
    """Give softmax once where the other pass has it twice, and the other way round."""
    says = "Softmax is applied twice."
    note = "A loss on logits applies softmax itself: hand it the logits, not probabilities."

    def onto(name: str) -> Iterator[Expression]:
        def change(node: Expression) -> Iterator[Expression]:
            if node == Letter(name):
                yield Call("softmax", (node,))

        # All of them at once, as a variable that was overwritten would be.
        yield substitute(site.formula, {name: Call("softmax", (Letter(name),))})
        yield from variants(site.formula, change)

    doubled = _has_double(site)
    outputs = [n for n, line in site.program.forward.items() if str(line).startswith("softmax(")]
    for name in outputs:
        for wrong in onto(name):
            yield Change(wrong, says, note)
    if doubled:
        yield from _once(site, says, note)
    for node in walk(site.formula):
        if isinstance(node, Call) and node.name == "softmax":
            inner = node.arguments[0]
            wrong = _replace(site.formula, node, Call("softmax", (node,)))
            yield Change(wrong, says, note)
            yield Change(_replace(site.formula, node, inner), says, note)


def _once(site: Site, says: str, note: str) -> Iterator[Change]:
    """Give the backward of a single softmax for a forward that has two."""
    x = site.letter
    if "J" in site.program.forward and site.of_loss:
        for a in (f"softmax({x})", f"softmax(softmax({x}))", x):
            for end in ("", " / m", " / k", " / (m * k)"):
                yield Change(
                    parse(f"({a} - Y){end}"),
                    says,
                    note,
                    instead="keep this, and take softmax once in the value",
                )
        return
    softmaxes = [n for n, line in site.program.forward.items() if str(line).startswith("softmax(")]
    upstream = "dY" if "dY" in _letters(site) or len(softmaxes) > 1 else ""
    for y in softmaxes if upstream else ():
        wrong = parse(f"{y} * ({upstream} - feature_sum({upstream} * {y}))")
        yield Change(wrong, says, note, instead=ONCE)
    if upstream:
        yield Change(Letter(upstream), says, note, instead=ONCE)


def _letters(site: Site) -> set[str]:
    return {n.name for n in walk(site.formula) if isinstance(n, Letter)}


def _has_double(site: Site) -> bool:
    text = " ".join(map(str, site.program.forward.values()))
    return "softmax(softmax(" in text or text.count("softmax(") > 1


def _replace(formula: Expression, old: Expression, new: Expression) -> Expression:
    if formula == old:
        return new
    if isinstance(formula, Call) and formula.name == "softmax":
        return formula
    from chainrule.formulas.tree import children, rebuilt

    return rebuilt(formula, tuple(_replace(c, old, new) for c in children(formula)))


def over_samples(site: Site) -> Iterator[Change]:
    """Give the sum over features for a softmax that the forward takes over the samples."""
    parts = _softmax_parts(site)
    if parts is None:
        return
    y, upstream = parts
    text = str(site.formula)
    if "batch_sum" not in text:
        return
    wrong = substitute(parse(f"{y} * (u - feature_sum(u * {y}))"), {"u": upstream})
    yield Change(
        wrong,
        "The forward pass normalises over the samples; each sample's outputs must sum to 1.",
        "The backward pass has the sum over the features, which is right: the axis of the forward "
        "pass is the wrong one.",
        instead="keep this, and normalise over the features in forward",
    )


HYPOTHESES = [
    Hypothesis("softmax twice", twice),
    Hypothesis("wrong axis", over_samples),
    Hypothesis("softmax as elementwise", elementwise),
]
