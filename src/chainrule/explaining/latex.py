r"""An explanation as a LaTeX document; amsmath is all it needs."""

from __future__ import annotations

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
from chainrule.explaining.page_latex import PageLatex, folded, width
from chainrule.explaining.page_mathml import BREAK
from chainrule.explaining.steps import (
    ChainSteps,
    Steps,
    chain_steps,
    equation_steps,
    line_steps,
    nudged,
    remarks,
)
from chainrule.explaining.tex import code, in_math, prose
from chainrule.formulas import Letters

FORM = PageLatex()
ROOM = 62  # characters of a formula in one row
AGREES = 6

HEAD = r"""\documentclass[10pt,a4paper,fleqn]{article}
\usepackage{amsmath}
\setlength{\textwidth}{17.4cm}\setlength{\oddsidemargin}{-0.75cm}
\setlength{\textheight}{24.5cm}\setlength{\topmargin}{-1.2cm}
\setlength{\parindent}{0pt}\setlength{\parskip}{3pt}
\setlength{\emergencystretch}{3em}\sloppy
\allowdisplaybreaks
\setcounter{MaxMatrixCols}{16}
\newcommand{\place}[1]{\footnotesize #1}
\begin{document}
\setlength{\mathindent}{1.5em}
\abovedisplayskip=2pt plus 2pt \belowdisplayskip=5pt plus 3pt
\abovedisplayshortskip=2pt \belowdisplayshortskip=5pt
"""


def as_latex(page: Page) -> str:
    """Return a complete document, in ASCII, that compiles with plain TeX Live."""
    parts = [HEAD, rf"{{\Large\bfseries {prose(page.title)}}}", ""]
    if page.sample:
        parts += [rf"\textbf{{{prose(page.sample)}}}", ""]
    for text in page.preamble:
        parts += [prose(text), ""]
    for stops, arrow in ((page.arrow, r"\(\to\)"), (page.arrow_back, r"\(\leftarrow\)")):
        if stops:
            parts += [f" {arrow} ".join(rf"\mbox{{{prose(stop)}}}" for stop in stops), ""]
    parts += [section(part, page.letters) for part in page.sections]
    good, total = page.checked
    if total:
        said = f"{good} of {total} entries of gradients agree with their numeric slope."
        parts += ["", prose(said)]
    return "\n".join([*parts, r"\end{document}", ""])


def section(part: Section, letters: Letters) -> str:
    """Return a section under its heading."""
    remark = rf"\quad{{\normalsize\normalfont {prose(part.remark)}}}" if part.remark else ""
    given = all(isinstance(one, Line) and not one.formulas for one in part.blocks)
    blocks = [stated(part, letters)] if given else [block(one, letters) for one in part.blocks]
    return "\n".join([rf"\subsection*{{{prose(part.title)}{remark}}}", *blocks])


def block(one: Block, letters: Letters) -> str:
    """Return any block."""
    match one:
        case Line():
            return line(one, letters)
        case Chain():
            return chain(one, letters)
        case Equation():
            rows = rows_of(equation_steps(FORM, one, letters))
            label = rf"\text{{{prose(one.label)}\quad}} " if one.label else ""
            return display([label + rows[0], *rows[1:]], prose(one.remark))
        case Table(rows):
            return table(rows)
        case Note(text):
            return f"{prose(text)}\n"
        case Code():
            return rf"\textsf{{{prose(one.place)}}}\quad {code(one.text)}" + "\n"
    raise TypeError(f"not a block: {one!r}")


def stated(part: Section, letters: Letters) -> str:
    """Return what is given, one beside the other, as a paragraph."""
    lines = [line_steps(FORM, one, letters) for one in part.blocks if isinstance(one, Line)]
    shown = [rf"\({in_math(one.left)} = {in_math(one.result)}\)" for one in lines]
    return r"\quad{\raggedright " + r"\qquad ".join(shown) + r"\par}"


def line(one: Line, letters: Letters) -> str:
    """Return a line; the code's place and the check stand where an equation has its number."""
    return display(rows_of(line_steps(FORM, one, letters)), prose(remarks(one)), margin(one))


def margin(one: Line) -> str:
    """Return place and verdict of a line."""
    verdict = ""
    if one.digits is not None:
        verdict = f"✓ {one.digits} digits" if one.digits >= AGREES else "✗ does not agree"
    return prose("  ".join(p for p in (one.code.place if one.code else "", verdict) if p))


def rows_of(steps: Steps, room: int = ROOM) -> list[str]:
    """Return `left &= right` and the further rows of one formula."""
    rows: list[str] = []
    together = 0  # how wide the last row is, where something may still stand beside it
    for right, kind in zip(steps.rights, kinds(steps), strict=True):
        pieces, wide = folded(right, room), width(right)
        if together and kind == "same" and together + wide + 4 <= room:
            rows[-1] += f" = {right}".replace(BREAK, "")
            together += wide + 4
            continue
        rows.append(f"&= {pieces[0]}")
        rows += [rf"&\quad {piece}" for piece in pieces[1:]]
        together = wide if len(pieces) == 1 else 0
    return [in_math(row) for row in [f"{steps.left} {rows[0]}", *rows[1:]]]


def kinds(steps: Steps) -> list[str]:
    """Say of each right side whether it may stand beside the one before it.

    Numbers with matrices begin a row of their own, below the formula.
    """
    tall = "matrix}" in steps.numbers + steps.result or "{array}" in steps.result
    after = ["new" if tall and steps.formulas else "same"]
    end = len(steps.rights) - len(steps.formulas)
    return ["same"] * len(steps.formulas) + (after + ["same"] * (end - 1) if end else [])


def display(rows: list[str], hint: str = "", tag: str = "") -> str:
    """Return rows as one display; the hint stands in the first row, the tag at its right."""
    first = rows[0]
    if hint:
        words = rf"\text{{\footnotesize {hint}}}"
        beside = width(first) + width(hint) * 3 // 4 <= ROOM
        first, rows = (
            (rf"{first}\qquad {words}", rows) if beside else (first, [*rows, rf"&\quad {words}"])
        )
    if tag:
        first += rf" \tag*{{\place{{{tag}}}}}"
    body = " \\\\\n".join([first, *rows[1:]])
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def chain(one: Chain, letters: Letters) -> str:
    """Return a product of derivatives, a row each for derivatives, formulas and numbers."""
    steps = chain_steps(FORM, one, letters)
    rights = (*steps.general, *sums(one, steps))
    shown = display(rows_of(Steps(steps.left, rights, "", steps.result)), prose(one.remark))
    words = nudged(one)
    return f"{shown}\n{prose(words)}\n" if words else shown


def sums(one: Chain, steps: ChainSteps) -> list[str]:
    """Return a chain's sum of products three times: in derivatives, in letters, in numbers."""
    if not steps.terms:
        return []
    more = rf"\text{{({one.omitted[0]} more)}}"
    rows = [[f.derivative for f in term] for term in steps.terms]
    written = [_sum([_product(r) for r in rows], more if steps.rest else "")]
    if all(f.formula for term in steps.terms for f in term):
        letters = [_product([f.formula for f in term]) for term in steps.terms]
        written.append(_sum(letters, more if steps.rest else ""))
    numbers = [_product([f.number for f in term], fence=True) for term in steps.terms]
    return [*written, _sum(numbers, steps.rest)]


def _product(factors: list[str], fence: bool = False) -> str:
    first, *others = factors
    shown = [rf"({f})" if fence and f.startswith("-") else f for f in others]
    return r" \cdot ".join([first, *shown])


def _sum(terms: list[str], rest: str) -> str:
    text = terms[0]
    for term in [*terms[1:], *([rest] if rest else [])]:
        text += f" \x1f- {term[1:]}" if term.startswith("-") else f" \x1f+ {term}"
    return text


def table(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return a table with its head."""
    head, *others = (" & ".join(map(prose, row)) for row in rows)
    body = " \\\\\n".join(others)
    wide = "l" * len(rows[0])
    return f"\\begin{{tabular}}{{{wide}}}\n{head} \\\\\n\\hline\n{body} \\\\\n\\end{{tabular}}\n"


def as_formula(page: Page) -> str:
    """Return the page's lines as one formula between dollar signs, for a notebook."""
    rows: list[str] = []
    for part in page.sections:
        lines = [b for b in part.blocks if isinstance(b, Line)]
        if lines:
            rows.append(rf"&\textbf{{{prose(part.title)}}}")
        for one in lines:
            rows += rows_of(line_steps(FORM, one, page.letters))
    body = " \\\\\n".join(rows)
    return f"$\\displaystyle\\begin{{aligned}}\n{body}\n\\end{{aligned}}$"
