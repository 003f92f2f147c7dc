"""An explanation as text for a terminal: matrices in brackets, one screen wide."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explaining.boxes import Boxes, beside, columns, height, width
from chainrule.explaining.breaking import broken
from chainrule.explaining.chains import chain_lines
from chainrule.explaining.numbers import (
    PageLayout,
    drawn,
    number_layout,
    numbers,
    result,
    written,
)
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
from chainrule.formulas import Letter, Letters, Number

WIDTH = 80
INDENT = "   "
BOXES = Boxes()


@dataclass(frozen=True)
class Margin:
    """How wide the columns at the right are: the code's place and the check's mark."""

    place: int = 0
    mark: int = 0

    @classmethod
    def of(cls, page: Page) -> Margin:
        """Return what fits every line of a page."""
        lines = [b for s in page.sections for b in s.blocks if isinstance(b, Line)]
        codes = [b for s in page.sections for b in s.blocks if isinstance(b, Code)]
        places = [b.code.place for b in lines if b.code] + [c.place for c in codes]
        place = max(map(len, places), default=0)
        return cls(place, 4 if any(b.digits is not None for b in lines) else 0)

    def text(self, line: Line) -> str:
        """Return place and mark of a line."""
        place = line.code.place if line.code else ""
        if not place and line.digits is None:
            return ""
        return f"{place.ljust(self.place)}  {mark(line).ljust(self.mark)}".rstrip().ljust(
            self.place + (2 + self.mark if self.mark else 0)
        )


def as_text(page: Page) -> str:
    """Return the whole page."""
    gap = WIDTH - 2 - len(page.title)
    head = [f" {page.title}" + (page.sample.rjust(gap) if len(page.sample) < gap else "")]
    if len(page.sample) >= gap:
        head = [folded(page.title, " ", "   "), page.sample.rjust(WIDTH - 1)]
    head += [folded(line, " ", " ") for line in page.preamble]
    parts = ["\n".join(head), "\n" + arrow_line(page.arrow, "─▸")]
    if page.arrow_back:
        parts.append(arrow_line(page.arrow_back, "◂─"))
    margin = Margin.of(page)
    parts += [section(part, page.letters, margin) for part in page.sections]
    good, total = page.checked
    if total:
        sign = "✓" if good == total else "✗"
        said = f"✓ n: the worst entry agrees with the nudge to n digits.  {good} of {total} "
        parts.append(folded(f"{said}parameters {sign}", INDENT, INDENT))
    return "\n".join(line.rstrip() for line in "\n".join(parts).split("\n")) + "\n"


def arrow_line(stops: tuple[str, ...], arrow: str) -> str:
    """Return x ─▸ z ─▸ a ─▸ L, folded at the page's width."""
    lines, current = [], INDENT + stops[0]
    for stop in stops[1:]:
        if columns(current) + columns(stop) + 4 > WIDTH:
            lines.append(current)
            current = INDENT + " "
        current += f" {arrow} {stop}"
    return "\n".join([*lines, current])


def section(part: Section, letters: Letters, margin: Margin) -> str:
    """Return a section under its rule."""
    head = f" {part.title} " + (f" {part.remark} " if part.remark else "")
    if len(head) > WIDTH:
        head = f"{f' {part.title} '.ljust(WIDTH, '─')}\n{folded(part.remark)}"
    blocks: list[str] = []
    for one in part.blocks:
        if part.title in ("FEED", "GIVEN") and isinstance(one, Line):
            box = line(one, letters, margin)
            together = beside(blocks[-1], " ", box) if blocks else box
            if blocks and width(together) <= WIDTH:
                blocks[-1] = together
                continue
        blocks.append(block(one, letters, margin))
    return "\n".join([head.ljust(WIDTH, "─"), *blocks])


def block(one: Block, letters: Letters, margin: Margin) -> str:
    """Return any block as text."""
    match one:
        case Line():
            return line(one, letters, margin)
        case Chain():
            return "\n".join(chain_lines(one, letters, INDENT, WIDTH))
        case Equation():
            return equation(one, letters)
        case Table(rows):
            return table(rows)
        case Note(text):
            return folded(text)
        case Code():
            start = f"{INDENT}{one.place.ljust(margin.place)}  "
            return folded(one.text, start, " " * len(start))
    raise TypeError(f"not a block: {one!r}")


def folded(text: str, first: str = INDENT, later: str = INDENT) -> str:
    """Return a sentence, indented and folded at the width."""
    lines, current = [], first
    for word in text.split(" "):
        if columns(current) + columns(word) > WIDTH and current.strip():
            lines.append(current.rstrip())
            current = later
        current += word + " "
    return "\n".join([*lines, current.rstrip()])


def line(one: Line, letters: Letters, margin: Margin) -> str:
    """Return a line: the formula with shapes, code and check, and the numbers beside or below."""
    left = written(BOXES, Letter(one.left), letters)
    end = result(BOXES, one)
    if not one.formulas:
        return beside(f"{INDENT}{left} = ", end)
    formulas = [written(BOXES, f, letters, line=one) for f in one.formulas]
    right, hint = margin.text(one), ", ".join(p for p in (one.shapes, one.remark) if p)
    middle = numbers(BOXES, one, letters)
    parts = [f"{INDENT}{left} = " + " = ".join(formulas), *([middle] if middle else []), end]
    if isinstance(one.formulas[-1], Number):
        parts = [f"{INDENT}{left}", end]
    whole = beside(*_joined(parts))
    room = WIDTH - width(whole) - 2
    beside_box = height(whole) > 1 and not one.shapes and len(right) <= room
    if len(f"{hint}  {right}".strip()) <= room or beside_box:
        return aligned(whole, hint, right)
    indent = INDENT + " " * columns(left)
    start = _formula_rows(f"{INDENT}{left}", formulas, indent, hint, right)
    second = beside(*_joined([indent, *parts[1:]]))
    if width(second) <= WIDTH or not middle:
        return f"{start}\n{second}"
    layout = number_layout(BOXES, one, letters)
    rows = broken(layout, one.formulas[-1], WIDTH - len(indent) - 3)
    shown = [beside(indent, " = " if i == 0 else "   ", row) for i, row in enumerate(rows)]
    last = beside(shown[-1], " = ", end)
    if width(last) <= WIDTH:
        return "\n".join([start, *shown[:-1], last])
    return "\n".join([start, *shown, beside(indent, " = ", end)])


def _joined(parts: list[str]) -> list[str]:
    return [piece for i, part in enumerate(parts) for piece in ([" = ", part] if i else [part])]


def _formula_rows(left: str, formulas: list[str], indent: str, hint: str, right: str) -> str:
    """Return `left = formula = formula`, a way on a line of its own where one line is too short."""
    rows = [f"{left} = {formulas[0]}"]
    for formula in formulas[1:]:
        if columns(rows[-1]) + 3 + columns(formula) <= WIDTH - 2 - len(right):
            rows[-1] += f" = {formula}"
        else:
            rows.append(f"{indent} = {formula}")
    if columns(rows[0]) > WIDTH:
        rows[0:1] = folded(rows[0], "", indent + "   ").split("\n")
    rows[-1] = aligned(rows[-1], hint, right)
    return "\n".join(rows)


def mark(one: Line) -> str:
    """Return ✓ and the digits of a gradient that agrees with its nudge, or ✗."""
    if one.digits is None:
        return ""
    return f"✓ {one.digits}" if one.digits >= 6 else "✗"


def aligned(box: str, hint: str, right: str) -> str:
    """Return a box with hint and margin at the right end of the line that it is read at.

    A hint that does not fit there goes to the right of another line of the box, or below.
    """
    lines = box.split("\n")
    at = (height(box) - 1) // 2
    both = f"{hint}  {right}" if hint and right else hint or right
    for text in (both, both.strip()):
        if _room(lines[at]) >= len(text) + 2 * bool(text):
            lines[at] = _flush(lines[at], text)
            return "\n".join(lines)
    if right and _room(lines[at]) >= len(right) + 2:
        lines[at] = _flush(lines[at], right)
    elif right:
        lines.append(_flush("", right))
    for i in (at + 1, at - 1):
        if hint and 0 <= i < len(lines) and _room(lines[i]) >= len(hint) + len(right) + 4:
            lines[i] = _flush(lines[i], hint + " " * (len(right) + 2))
            return "\n".join(lines)
    return "\n".join([*lines, *([_flush("", hint)] if hint else [])])


def _room(line: str) -> int:
    return WIDTH - columns(line.rstrip())


def _flush(line: str, text: str) -> str:
    return line.rstrip() + text.rjust(_room(line)) if text else line


def equation(one: Equation, letters: Letters) -> str:
    """Return an equation of a derivation, its right sides below each other where need be."""
    layout = PageLayout(BOXES, letters, one.functions)
    label = f"{one.label} " if one.label else ""
    left = f"{INDENT}{label}{layout.piece(one.left).text}"
    rights = [layout.piece(r).text for r in one.rights]
    if one.result is not None:
        rights.append(drawn(BOXES, one.result, one.result.ndim > 0, one.given))
    rows = [beside(left, " = ", rights[0])]
    for right in rights[1:]:
        longer = beside(rows[-1], " = ", right)
        fits = width(longer) <= WIDTH
        rows[-1:] = [longer] if fits else [rows[-1], beside(" " * columns(left), " = ", right)]
    return "\n".join([*rows[:-1], aligned(rows[-1], one.remark, "")])


def table(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return a table with its head underlined."""
    widths = [max(columns(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = [
        INDENT
        + "  ".join(c + " " * (w - columns(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], INDENT + "─" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])
