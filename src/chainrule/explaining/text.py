"""An explanation as text for a terminal: matrices in brackets, one screen wide."""

from __future__ import annotations

from chainrule.explaining.numbers import (
    Boxes,
    NumberLayout,
    beside,
    draw,
    has_matrix_product,
    height,
    width,
)
from chainrule.explaining.page import Block, Chain, Line, Note, Page, Section, Table
from chainrule.explaining.shapes import shape_algebra
from chainrule.formulas import Letter, Letters, render

WIDTH = 80
INDENT = "   "


def as_text(page: Page) -> str:
    """Return the whole page."""
    head = [f" {page.title}" + page.sample.rjust(max(2, WIDTH - 2 - len(page.title)))]
    head += [f" {line}" for line in page.preamble]
    parts = ["\n".join(head), arrow_line(page)]
    parts += [section(part, page.letters) for part in page.sections]
    good, total = page.checked
    mark = "✓" if good == total else "✗"
    parts.append(
        f"   ✓ n: the worst entry agrees with the nudge to n digits.  {good} of {total} "
        f"parameters {mark}"
    )
    return "\n".join(parts) + "\n"


def arrow_line(page: Page) -> str:
    """Return x ─▸ z ─▸ a ─▸ L, folded at the page's width."""
    lines, current = [], INDENT + page.arrow[0]
    for stop in page.arrow[1:]:
        if len(current) + len(stop) + 4 > WIDTH:
            lines.append(current)
            current = INDENT + " "
        current += f" ─▸ {stop}"
    return "\n" + "\n".join([*lines, current])


def section(part: Section, letters: Letters) -> str:
    """Return a section under its rule."""
    head = f" {part.title} " + (f"{part.remark} " if part.remark else "")
    if part.title != "FEED":
        return "\n".join([head.ljust(WIDTH, "─"), *(block(b, letters) for b in part.blocks)])
    boxes = [line(b, letters) for b in part.blocks if isinstance(b, Line)]
    notes = [block(b, letters) for b in part.blocks if not isinstance(b, Line)]
    together = beside(*(box + " " for box in boxes))
    shown = [together] if width(together) <= WIDTH else boxes
    return "\n".join([head.ljust(WIDTH, "─"), *shown, *notes])


def block(one: Block, letters: Letters) -> str:
    """Return any block as text."""
    match one:
        case Line():
            return line(one, letters)
        case Chain():
            return chain(one)
        case Table(rows):
            return table(rows)
        case Note(text):
            return folded(text)
    raise TypeError(f"not a block: {one!r}")


def folded(text: str) -> str:
    """Return a sentence, indented and folded at the width."""
    lines, current = [], INDENT
    for word in text.split(" "):
        if len(current) + len(word) > WIDTH and current.strip():
            lines.append(current.rstrip())
            current = INDENT
        current += word + " "
    return "\n".join([*lines, current.rstrip()])


def line(one: Line, letters: Letters) -> str:
    """Return a line: the formula with shapes, code and check, and below it the numbers."""
    left = render(Letter(one.left), letters=letters)
    formulas = [render(f, letters=letters, functions=one.functions) for f in one.formulas]
    brackets = not one.formulas or any(has_matrix_product(f) for f in one.formulas)
    result = draw(Boxes(), one.result, brackets)
    if not formulas:
        return beside(f"{INDENT}{left} = ", result)
    start = f"{INDENT}{left} = " + " = ".join(formulas)
    numbers = numbers_put_in(one, letters, brackets)
    tail = beside(" = ", result)
    right = margin(one, letters)
    whole = beside(start, *((" = ", numbers) if numbers else ()), tail)
    if width(whole) + 2 + len(right) <= WIDTH:
        return aligned(whole, right)
    indent = " " * (len(INDENT) + len(left))
    first = aligned(start, right)
    second = beside(indent, *((" = ", numbers) if numbers else ()), tail)
    if width(second) <= WIDTH + 8 or not numbers:
        return f"{first}\n{second}"
    return f"{first}\n{beside(indent, ' = ', numbers)}\n{beside(indent, tail)}"


def numbers_put_in(one: Line, letters: Letters, brackets: bool) -> str:
    """Return the last formula with its letters' numbers; nothing where it is a letter alone."""
    formula = one.formulas[-1]
    if isinstance(formula, Letter):
        return ""
    layout = NumberLayout(Boxes(), letters, one.functions, one.values, brackets)
    return layout.piece(formula).text


def margin(one: Line, letters: Letters) -> str:
    """Return what stands at the right: remark, shapes, code, check."""
    algebra = shape_algebra(one, letters)
    mark = "" if one.digits is None else f"✓ {one.digits}" if one.digits >= 6 else "✗"
    place = one.code.place if one.code else ""
    return "  ".join(p for p in (algebra, one.remark, place, mark) if p)


def aligned(box: str, right: str) -> str:
    """Return a box with text at the right end of the line that it is read at; below, if too long."""
    if not right:
        return box
    lines = box.split("\n")
    at = (height(box) - 1) // 2
    if len(lines[at].rstrip()) + 2 + len(right) > WIDTH:
        return box + "\n" + right.rjust(WIDTH)
    lines[at] = lines[at].rstrip() + right.rjust(WIDTH - len(lines[at].rstrip()))
    return "\n".join(lines)


def chain(one: Chain) -> str:
    """Return a product of derivatives, their formulas and their numbers in columns."""
    from chainrule.explaining.figures import scalar

    lines: list[str] = []
    pad = " " * len(one.left)
    for i, product in enumerate(one.products):
        rows = [[f.derivative for f in product]]
        if any(f.formula for f in product):
            rows.append([f.formula for f in product])
        rows.append([scalar(f.value) for f in product])
        widths = [max(len(row[j]) for row in rows) for j in range(len(product))]
        for k, row in enumerate(rows):
            cells = " · ".join(c.center(w) for c, w in zip(row, widths, strict=True))
            lead = "= " if i == 0 else "+ " if k == 0 else "  "
            lines.append(f"{INDENT}{one.left if i == 0 and k == 0 else pad} {lead}{cells}".rstrip())
    lines.append(f"{INDENT}{pad} = {scalar(one.result)}")
    if one.nudge is not None:
        lines.append(
            f"{INDENT}chain rule {one.result:.12f}".replace("-", "−")
            + f"   nudge [L(p + ε) − L(p − ε)] / 2ε {one.nudge:.12f}".replace("-", "−")
        )
    if one.remark:
        lines.append(folded(one.remark))
    return "\n".join(lines)


def table(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return a table with its head underlined."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = [
        INDENT + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], INDENT + "─" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])
