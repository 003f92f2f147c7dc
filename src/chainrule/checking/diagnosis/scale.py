"""Slips by a factor: the sign, 1/m or 1/k missing or there twice, 2 and ½."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.hypothesis import (
    Change,
    Claim,
    Hypothesis,
    Site,
    negated,
    scaled,
)
from chainrule.formulas import Binary, Call, Expression, Letter, Number, letters_in

COUNTS = {"m": "the number of samples", "k": "the number of outputs"}
LOSS_NOTE = (
    "The value and its gradient follow two conventions: whichever you choose, the factor must be "
    "in both."
)
LOST_NOTE = "Every gradient of J carries the factor that is in J; here it is lost on the way."
LAYER_NOTE = (
    "Were you after the 1/m of J = 1/m Σ L? It belongs to the loss and comes in with {dY}: a layer "
    "that divides again divides twice."
)


def sign(site: Site) -> Iterator[Change]:
    """Give −dW."""
    yield Change(negated(site.formula), "The sign is wrong.")


def _without(formula: Expression, divisor: str) -> Expression | None:
    """Return x for x / m, x / (2 * m)."""
    if not (isinstance(formula, Binary) and formula.operator == "/"):
        return None
    below = formula.right
    if below == Letter(divisor):
        return formula.left
    if isinstance(below, Binary) and below.operator == "*":
        if below.left == Letter(divisor):
            return Binary("/", formula.left, below.right)
        if below.right == Letter(divisor):
            return Binary("/", formula.left, below.left)
    return None


def missing_count(site: Site) -> Iterator[Change]:
    """Give the line without its 1/m, or times m."""
    formula = site.formula
    if isinstance(formula, Binary) and formula.operator == "/" and "m" in letters_in(formula.right):
        says = "What the value is divided by is missing: it is a mean, its gradient is one too."
        yield Change(formula.left, says, LOSS_NOTE, claim=_claim(site))
    for letter, meaning in COUNTS.items():
        there = _without(site.formula, letter)
        wrong = there or scaled(site.formula, "*", letter)
        note = LOSS_NOTE if site.of_loss else LOST_NOTE if "J" in site.program.forward else ""
        yield Change(
            wrong, f"The 1/{letter} is missing ({letter} is {meaning}).", note, claim=_claim(site)
        )


def doubled_count(site: Site) -> Iterator[Change]:
    """Give the line with one 1/m too many."""
    in_loss = "J" in site.program.forward
    for letter, meaning in COUNTS.items():
        twice = _without(site.formula, letter) is not None
        says = f"It is divided by {letter}, {meaning}, {'twice' if twice else 'once too often'}."
        note = LOSS_NOTE if in_loss else LAYER_NOTE if letter == "m" else ""
        yield Change(scaled(site.formula, "/", letter), says, note, claim=_claim(site))
    both = Binary("/", site.formula, Binary("*", Letter("m"), Letter("k")))
    yield Change(
        both,
        "It is divided by m and by k (a mean over all entries), which it should not be.",
        LOSS_NOTE if in_loss else LAYER_NOTE,
        claim=_claim(site),
    )


def every_parameter_divided(site: Site) -> Iterator[Change]:
    """Give a layer that divides all its parameters' gradients by m."""
    program = site.program
    lines = [n for n in program.backward if n in program.gradients and n[1] in "Wbg"]
    if "J" in program.forward or len(lines) < 2 or site.line != lines[0]:
        return
    others = {n: _mean(program.backward[n]) for n in lines[1:]}
    yield Change(
        scaled(site.formula, "/", "m"),
        "Every parameter's gradient is divided by m, the number of samples.",
        LAYER_NOTE + " If your loss hands in {dY} without its 1/m, as some courses do, then this "
        "is a convention and not a mistake; but the loss and all layers must share it.",
        lines=others,
    )


def _mean(formula: Expression) -> Expression:
    if isinstance(formula, Call) and formula.name == "batch_sum":
        return Call("batch_mean", formula.arguments)
    return scaled(formula, "/", "m")


def missing_two(site: Site) -> Iterator[Change]:
    """Give the line without its 2, or halved."""
    formula = site.formula
    if isinstance(formula, Binary) and formula.operator == "*" and formula.left == Number(2):
        yield Change(
            formula.right,
            "The 2 from the square is missing.",
            "With ½ in the value the 2 would cancel; without it the 2 stays.",
            claim=_claim(site),
        )
    elif (
        isinstance(formula, Binary)
        and isinstance(formula.left, Binary)
        and (
            formula.operator == "/"
            and formula.left.operator == "*"
            and formula.left.left == Number(2)
        )
    ):
        yield Change(
            Binary("/", formula.left.right, formula.right),
            "The 2 from the square is missing.",
            "With ½ in the value the 2 would cancel; without it the 2 stays.",
            claim=_claim(site),
        )
    else:
        note = LOSS_NOTE if "J" in site.program.forward else ""
        yield Change(
            scaled(formula, "/", 2),
            "There is a ½ too many (or a 2 missing).",
            note,
            claim=_claim(site),
        )


def doubled_two(site: Site) -> Iterator[Change]:
    """Give the line doubled."""
    note = LOSS_NOTE if "J" in site.program.forward else ""
    yield Change(
        scaled(site.formula, "*", 2),
        "There is a 2 too many (or a ½ missing).",
        note,
        claim=_claim(site),
    )


def _claim(site: Site) -> Claim | None:
    """Call a factor in the loss's own line a convention; further down it is a mistake."""
    return "convention" if site.of_loss else None


HYPOTHESES = [
    Hypothesis("sign", sign),
    Hypothesis("1/n", every_parameter_divided, claim="convention"),
    Hypothesis("2 or ½", missing_two),
    Hypothesis("2 or ½", doubled_two),
    Hypothesis("1/n", missing_count),
    Hypothesis("1/n", doubled_count),
]
