"""Products of derivatives as text: derivative over formula over number, factor by factor."""

from __future__ import annotations

from chainrule.explaining.boxes import Boxes, columns
from chainrule.explaining.entries import Partial
from chainrule.explaining.figures import scalar
from chainrule.explaining.numbers import PageLayout
from chainrule.explaining.page import Chain, Factor
from chainrule.formulas import Expression, Letters
from chainrule.formulas.letters import Symbol


def chain_lines(one: Chain, letters: Letters, indent: str, room: int) -> list[str]:
    """Return the rows of a chain: derivatives, formulas, numbers, result and nudge."""
    layout = PageLayout(Boxes(), letters, one.functions)
    lines = chain_lines_at(one, layout, indent, room)
    narrow = chain_lines_at(one, layout, " ", room)
    if len(narrow) < len(lines):
        lines = narrow
    return lines + nudge_lines(one, layout, indent, room)


def chain_lines_at(one: Chain, layout: PageLayout, indent: str, room: int) -> list[str]:
    """Return the rows at one indent, without the nudge."""
    left = indent + layout.piece(one.left).text
    lead = " " * columns(left)
    rows = [f" = {layout.piece(g).text}" for g in one.general]
    if len(one.products) == 1:
        rows += product_rows(one.products[0], layout, room - columns(left))
    elif one.products:
        rows += sum_rows(one, layout, room - columns(left))
    last = f" = {scalar(one.result)}"
    if rows and len(rows[-1]) + len(last) + len(lead) <= room and len(rows) == 1:
        rows[-1] += last
    else:
        rows.append(last)
    lines = [(left if i == 0 else lead) + row for i, row in enumerate(rows)]
    if one.remark:
        if columns(lines[0]) + len(one.remark) + 2 <= room:
            lines[0] += one.remark.rjust(room - columns(lines[0]))
        else:
            lines.append(f"{lead}   {one.remark}")
    return lines


def nudge_lines(one: Chain, layout: PageLayout, indent: str, room: int) -> list[str]:
    """Return the chain's result beside the numeric derivative, to twelve digits."""
    if one.nudge is None:
        return []
    exact, numeric = (f"{v:.12f}".replace("-", "−") for v in (one.result, one.nudge))
    loss, p = "L", "p"
    if isinstance(one.left, Partial):
        loss = layout.piece(one.left.top).text
        p = layout.letters.symbol(one.left.bottom.name).base.lower()
        p = layout.form.symbol(Symbol(p), "", "")
    line = f"{indent}chain rule {exact}   nudge [{loss}({p} + ε) − {loss}({p} − ε)] / 2ε {numeric}"
    if columns(line) <= room:
        return [line]
    return [
        part.rstrip()
        for part in (line[: line.index("nudge")], indent + line[line.index("nudge") :])
    ]


def product_rows(product: tuple[Factor, ...], layout: PageLayout, room: int) -> list[str]:
    """Return one product in columns, folded where the columns are more than fit."""
    table = [[layout.piece(f.derivative).text for f in product]]
    formulas = [f.formula for f in product]
    if all(f is not None for f in formulas):
        table.append([fenced(layout, f) for f in formulas if f is not None])
    table.append([scalar(f.value, f.given) for f in product])
    if len(product) == 1 and len(table) == 2:
        return [f" = {row[0]}" for row in table[:1]]
    widths = [max(columns(row[j]) for row in table) for j in range(len(product))]
    groups: list[list[int]] = [[]]
    for j, wide in enumerate(widths):
        if groups[-1] and sum(widths[i] + 3 for i in groups[-1]) + wide + 3 > room:
            groups.append([])
        groups[-1].append(j)
    rows = []
    for row in table:
        for n, group in enumerate(groups):
            cells = " · ".join(_centred(row[j], widths[j]) for j in group)
            rows.append((" = " if n == 0 else " · ") + cells.rstrip())
    return rows


def sum_rows(one: Chain, layout: PageLayout, room: int) -> list[str]:
    """Return a sum of products: in derivatives, in letters, and in numbers."""
    rows = []
    more, rest = one.omitted
    tail = [f"… {more} more"] if more else []
    rows += _terms(
        [_joined([layout.piece(f.derivative).text for f in p])
         for p in one.products] + tail, room,
    )  # fmt: skip
    if all(f.formula is not None for p in one.products for f in p) and one.products:
        texts = [_joined([fenced(layout, f.formula) for f in p if f.formula]) for p in one.products]
        rows += _terms(texts + tail, room)
    texts = []
    for p in one.products:
        first, *others = (scalar(f.value, f.given) for f in p)
        texts.append(_joined([first, *(f"({t})" if t.startswith("−") else t for t in others)]))
    return rows + _terms(texts + ([scalar(rest)] if more else []), room)


def fenced(layout: PageLayout, formula: Expression) -> str:
    """Return a factor's formula, a sum in parentheses."""
    piece = layout.piece(formula)
    return layout.fenced(piece, 2).text


def _joined(factors: list[str]) -> str:
    return "·".join(factors)


def _terms(terms: list[str], room: int) -> list[str]:
    """Return a sum, folded before its signs and, where a term alone is too long, at a product."""
    rows = [""]
    for i, term in enumerate(terms):
        sign = "" if i == 0 else " − " if term.startswith("−") else " + "
        text = sign + (term[1:] if sign == " − " else term)
        if rows[-1] and columns(rows[-1]) + columns(text) + 3 > room:
            rows.append("")
            text = text.lstrip()
        while columns(text) + 3 > room and "·" in text:
            cut = text.rfind("·", 0, room - 4)
            if cut < 1:
                break
            rows[-1] += text[: cut + 1]
            rows.append("")
            text = "  " + text[cut + 1 :]
        rows[-1] += text
    return [(" = " if i == 0 else "   ") + row for i, row in enumerate(rows)]


def _centred(text: str, wide: int) -> str:
    gap = wide - columns(text)
    return " " * (gap // 2) + text + " " * (gap - gap // 2)
