"""An explanation as Markdown, formulas between dollar signs, as GitHub and notebooks show it."""

from __future__ import annotations

from chainrule.explaining.latex import AGREES, FORM, rows_of, sums
from chainrule.explaining.page import (
    Block,
    Chain,
    Code,
    Equation,
    Line,
    Note,
    Page,
    Section,
    Table,
)
from chainrule.explaining.steps import (
    Steps,
    chain_steps,
    equation_steps,
    line_steps,
    nudged,
    remarks,
)
from chainrule.formulas import Letters

_SPECIAL = "\\`*_{}[]<>#|$"


def as_markdown(page: Page) -> str:
    """Return GitHub-flavoured Markdown; every formula is a block between `$$`."""
    parts = [f"# {plain(page.title)}"]
    if page.sample:
        parts.append(f"**{plain(page.sample)}**")
    parts.append("  \n".join(map(plain, page.preamble)))
    arrows = [
        f" {arrow} ".join(f"`{stop}`" for stop in stops)
        for stops, arrow in ((page.arrow, "→"), (page.arrow_back, "←"))
        if stops
    ]
    parts += ["  \n".join(arrows), *(section(part, page.letters) for part in page.sections)]
    good, total = page.checked
    if total:
        sign = "✓" if good == total else "✗"
        parts.append(f"{sign} {good} of {total} entries of gradients agree with their slope.")
    return "\n\n".join(p for p in parts if p) + "\n"


def plain(text: str) -> str:
    r"""Return words whose characters mean themselves.

    >>> plain("W[1] * 2")
    'W\\[1\\] \\* 2'
    """
    return "".join("\\" + c if c in _SPECIAL else c for c in text)


def section(part: Section, letters: Letters) -> str:
    """Return a section under its heading."""
    blocks = [block(one, letters) for one in part.blocks]
    remark = [f"*{plain(part.remark)}*"] if part.remark else []
    return "\n\n".join([f"## {plain(part.title)}", *remark, *blocks])


def block(one: Block, letters: Letters) -> str:
    """Return any block."""
    match one:
        case Line():
            shown = display(rows_of(line_steps(FORM, one, letters)))
            return "\n\n".join(p for p in (shown, margin(one)) if p)
        case Chain():
            steps = chain_steps(FORM, one, letters)
            rights = (*steps.general, *sums(one, steps))
            shown = display(rows_of(Steps(steps.left, rights, "", steps.result)))
            words = [plain(w) for w in (one.remark, nudged(one)) if w]
            return "\n\n".join([shown, "  \n".join(words)] if words else [shown])
        case Equation():
            shown = display(rows_of(equation_steps(FORM, one, letters)))
            words = [plain(w) for w in (one.label, one.remark)]
            return "\n\n".join(p for p in (words[0], shown, words[1]) if p)
        case Table(rows):
            head, *others = ("| " + " | ".join(map(plain, row)) + " |" for row in rows)
            return "\n".join([head, "|" + " --- |" * len(rows[0]), *others])
        case Note(text):
            return plain(text)
        case Code():
            return f"`{one.place}` `{one.text}`"
    raise TypeError(f"not a block: {one!r}")


def display(rows: list[str]) -> str:
    r"""Return rows as one block; a row of its own needs no alignment."""
    if len(rows) == 1:
        return f"$$\n{rows[0].replace('&=', '=', 1)}\n$$"
    body = " \\\\\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def margin(one: Line) -> str:
    """Return place, verdict, shapes and remark of a line, in small."""
    parts = [f"`{one.code.place}` `{one.code.text}`"] if one.code else []
    if one.digits is not None:
        good = one.digits >= AGREES
        parts.append(f"✓ {one.digits} digits" if good else "✗ does not agree")
    if said := remarks(one):
        parts.append(plain(said))
    return f"<sub>{' · '.join(parts)}</sub>" if parts else ""
