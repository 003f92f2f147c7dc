"""An explanation as one HTML file: MathML, no network, no script, made to be read and printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from chainrule.explaining.inside import Insides
from chainrule.explaining.numbers import written
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
from chainrule.explaining.page_mathml import PageMathML, rows_of
from chainrule.explaining.steps import (
    ChainSteps,
    FactorSteps,
    Steps,
    chain_steps,
    equation_steps,
    line_steps,
    nudged,
)
from chainrule.formulas import Letter, Letters

FORM = PageMathML()
AGREES = 6  # digits from which a gradient counts as right, as everywhere on the page


@cache
def style() -> str:
    """Return the page's style sheet."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def as_html(page: Page) -> str:
    """Return a whole document: one file that opens anywhere, without network or script."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(page.title)}</title>\n<style>\n{style()}</style>\n</head>\n"
        f'<body>\n<main class="chainrule">\n{body(page)}\n</main>\n</body>\n</html>\n'
    )


def as_fragment(page: Page) -> str:
    """Return the same for a cell of a notebook: styled, but no document of its own."""
    return f'<style>\n{style()}</style>\n<div class="chainrule">\n{body(page)}\n</div>'


def body(page: Page) -> str:
    """Return what stands between the tags of the document."""
    insides = Insides()
    anchors = [_anchor(part.title, i) for i, part in enumerate(page.sections)]
    titles = [part.title for part in page.sections]
    links = "".join(
        f'<li><a href="#{anchor}">{escape(_link(part, titles))}</a></li>'
        for anchor, part in zip(anchors, page.sections, strict=True)
    )
    parts = [
        f"<header><h1>{escape(page.title)}</h1>",
        f'<p class="sample">{escape(page.sample)}</p>' if page.sample else "",
        "".join(f"<p>{escape(text)}</p>" for text in page.preamble),
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>',
        _arrow(page.arrow, "forward", "▸"),
        _arrow(page.arrow_back, "back", "◂"),
        "</header>",
    ]
    for anchor, part in zip(anchors, page.sections, strict=True):
        parts.append(section(part, anchor, page.letters, insides))
    good, total = page.checked
    if total:
        sign = _verdict("✓" if good == total else "✗", good == total)
        parts.append(
            f"<footer><p>{sign} {good} of {total} entries of gradients checked: the worst entry of "
            "each agrees with its numeric slope (the nudge) to the digits beside it.</p></footer>"
        )
    return "\n".join(p for p in parts if p)


def _link(part: Section, titles: list[str]) -> str:
    return part.remark if titles.count(part.title) > 1 else part.title.capitalize()


def _anchor(title: str, i: int) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{word or 'part'}-{i + 1}"


def _arrow(stops: tuple[str, ...], way: str, arrow: str) -> str:
    if not stops:
        return ""
    items = f'<span class="to" aria-hidden="true">{arrow}</span>'.join(
        f'<span class="stop">{escape(stop)}</span>' for stop in stops
    )
    return f'<p class="arrow" aria-label="the way {way}">{items}</p>'


def section(part: Section, anchor: str, letters: Letters, insides: Insides) -> str:
    """Return a section under its heading."""
    remark = f' <small class="remark">{escape(part.remark)}</small>' if part.remark else ""
    blocks = "\n".join(block(one, letters, insides) for one in part.blocks)
    given = " given" if all(isinstance(b, Line) and not b.formulas for b in part.blocks) else ""
    return (
        f'<section id="{anchor}" aria-labelledby="{anchor}-title">'
        f'<h2 id="{anchor}-title">{escape(part.title)}{remark}</h2>\n'
        f'<div class="blocks{given}">{blocks}</div></section>'
    )


def block(one: Block, letters: Letters, insides: Insides) -> str:
    """Return any block."""
    match one:
        case Line():
            return line(one, letters, insides)
        case Chain():
            return chain(one, chain_steps(FORM, one, letters))
        case Equation():
            steps = equation_steps(FORM, one, letters)
            label = f'<span class="label">{escape(one.label)}</span>' if one.label else ""
            return _formula_line(label, steps, _hint([one.remark]), "")
        case Table(rows):
            return table(rows)
        case Note(text):
            return f'<p class="note">{escape(text)}</p>'
        case Code():
            return (
                f'<p class="source"><span class="place">{escape(one.place)}</span> '
                f'<code tabindex="0">{escape(one.text)}</code></p>'
            )
    raise TypeError(f"not a block: {one!r}")


def line(one: Line, letters: Letters, insides: Insides) -> str:
    """Return a line: formula, numbers and result; in the margin code and check."""
    margin = []
    if one.digits is not None:
        good = one.digits >= AGREES
        word = f"✓ {one.digits} digits" if good else "✗ does not agree"
        margin.append(_verdict(word, good))
    if one.code:
        margin.append(
            f'<span class="place">{escape(one.code.place)}</span> '
            f'<code title="{escape(one.code.text)}">{escape(one.code.text)}</code>'
        )
    names = {n: math(written(FORM, Letter(n), letters)) for n in (*one.values, one.left)}
    return _formula_line(
        "", line_steps(FORM, one, letters), _hint([one.shapes, one.remark]),
        " ".join(margin), insides.of(one, names),
    )  # fmt: skip


def _verdict(text: str, good: bool) -> str:
    words = "the gradient agrees with its numeric slope" if good else "the gradient is off"
    return f'<span class="{"good" if good else "bad"}" title="{words}">{escape(text)}</span>'


def _hint(parts: Iterable[str]) -> str:
    return "".join(f'<span class="hint">{escape(p)}</span>' for p in parts if p)


def _formula_line(label: str, steps: Steps, hint: str, margin: str, details: str = "") -> str:
    formulas = "".join(map(equals, steps.formulas))
    end = "".join(equals(p) for p in (steps.numbers, steps.result) if p)
    apart = formulas and "<mtable" in end
    groups = [formulas + hint, end] if apart else [formulas + end + hint]
    rights = "".join(f'<div class="row">{g}</div>' for g in groups if g)
    note = f'<div class="margin">{margin}</div>' if margin else ""
    return (
        f'<div class="line"><div class="left">{label}{math(steps.left)}</div>'
        f'<div class="rights">{rights}{details}</div>{note}</div>'
    )


def equals(formula: str) -> str:
    """Return `= formula` as pieces between which a row may end."""
    first, *others = rows_of(formula)
    pieces = ['<mo form="infix">=</mo>' + first, *others]
    return '<span class="step">' + "".join(map(math, pieces)) + "</span>"


def math(markup: str) -> str:
    """Return one `<math>` element."""
    inner = "".join(rows_of(markup))
    return f'<math displaystyle="true"><mrow>{inner}</mrow></math>'


def chain(one: Chain, steps: ChainSteps) -> str:
    """Return a product of derivatives as columns, or a sum of such products."""
    rows = [equals(g) for g in steps.general]
    more = f"… {one.omitted[0]} more" if steps.rest else ""
    products = [product(term) for term in steps.terms]
    if products:
        plus = '<span class="sign">+</span>'
        tail = f'{plus}<span class="hint">{more}: {math(steps.rest)}</span>' if more else ""
        rows.append(f'<span class="sign">=</span>{plus.join(products)}{tail}')
    if products and not one.general:
        rows[-1] += equals(steps.result)
    else:
        rows.append(equals(steps.result))
    rights = "".join(f'<div class="row">{row}</div>' for row in rows)
    words = _hint([one.remark]) + _hint([nudged(one)])
    return (
        f'<div class="line"><div class="left">{math(steps.left)}</div>'
        f'<div class="rights">{rights}<div class="row">{words}</div></div></div>'
    )


def product(factors: tuple[FactorSteps, ...]) -> str:
    """Return factors side by side, each with its formula and its number below."""
    cards = []
    for factor in factors:
        rows = [factor.derivative, factor.formula, factor.number]
        cells = "".join(f"<span>{math(r)}</span>" for r in rows if r)
        cards.append(f'<span class="factor">{cells}</span>')
    return '<span class="product">' + '<span class="sign">·</span>'.join(cards) + "</span>"


def table(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return a table with its head."""
    head, *others = rows
    top = "".join(f'<th scope="col">{escape(c)}</th>' for c in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in others
    )
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
