"""An explanation as JSON; `docs/explain-schema.md` says what each field holds.

Arrays stand once, in a table of their own; the lines name them. Formulas come as the source of the
matrix language and as Unicode and LaTeX, with the letters of the board.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.explaining.boxes import Boxes
from chainrule.explaining.latex import FORM as LATEX
from chainrule.explaining.numbers import PageLayout
from chainrule.explaining.page import (
    Block,
    Chain,
    Code,
    Equation,
    Factor,
    Line,
    Note,
    Page,
    Table,
)
from chainrule.explaining.tex import in_math
from chainrule.formulas import Expression, Functions, Letter
from chainrule.namespace import Array

VERSION = 1


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every explanation fits."""
    text = Path(__file__).with_name("explain.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def as_json(page: Page) -> str:
    """Return the page as one line of JSON."""
    return json.dumps(as_data(page), ensure_ascii=False, allow_nan=False)


def as_data(page: Page) -> dict[str, Any]:
    """Return the page as plain values."""
    arrays = Arrays()
    writer = _Writer(page, arrays)
    sections = [
        {
            "title": part.title,
            "remark": part.remark,
            "blocks": [writer.block(one) for one in part.blocks],
        }
        for part in page.sections
    ]
    good, total = page.checked
    return {
        "schema": "chainrule/explanation",
        "version": VERSION,
        "title": page.title,
        "sample": page.sample,
        "board": page.board,
        "form": page.form,
        "focus": page.focus,
        "preamble": list(page.preamble),
        "arrow": list(page.arrow),
        "arrow_back": list(page.arrow_back),
        "checked": {"agree": good, "of": total},
        "sections": sections,
        "arrays": arrays.table,
    }


class Arrays:
    """Every array once: equal arrays share a name."""

    def __init__(self) -> None:
        self.table: dict[str, dict[str, Any]] = {}
        self._known: dict[bytes, str] = {}

    def name(self, value: Any) -> str:
        """Return the array's name in the table."""
        array = np.ascontiguousarray(value, dtype=np.float64)
        key = blake2b(array.tobytes() + str(np.shape(value)).encode(), digest_size=16).digest()
        if key not in self._known:
            self._known[key] = name = f"a{len(self.table) + 1}"
            shape = list(np.shape(value))
            self.table[name] = {"shape": shape, "data": entries(np.asarray(value, float))}
        return self._known[key]


def entries(array: Array) -> Any:
    """Return nested lists; what is not finite is written "NaN", "Infinity" or "-Infinity".

    >>> entries(np.array([[1.0, float("inf")]]))
    [[1.0, 'Infinity']]
    """
    if np.isfinite(array).all():
        return array.tolist()
    if array.ndim:
        return [entries(row) for row in array]
    return number(float(array))


def number(value: float) -> float | str:
    """Return a number that JSON knows, or its name."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


class _Writer:
    def __init__(self, page: Page, arrays: Arrays) -> None:
        self.letters, self.arrays = page.letters, arrays

    def formula(self, expression: Expression, functions: Functions) -> dict[str, str]:
        unicode, latex = (
            PageLayout(form, self.letters, functions).piece(expression).text
            for form in (Boxes(), LATEX)
        )
        shown = {"unicode": unicode, "latex": in_math(latex)}
        try:
            return {"source": str(expression), **shown}
        except TypeError:  # a node of a derivation has no source in the language
            return shown

    def block(self, one: Block) -> dict[str, Any]:
        match one:
            case Line():
                return self.line(one)
            case Chain():
                return self.chain(one)
            case Equation():
                return {
                    "type": "equation",
                    "left": self.formula(one.left, one.functions),
                    "rights": [self.formula(r, one.functions) for r in one.rights],
                    "result": None if one.result is None else self.arrays.name(one.result),
                    "label": one.label,
                    "remark": one.remark,
                }
            case Table(rows):
                return {"type": "table", "rows": [list(row) for row in rows]}
            case Note(text):
                return {"type": "note", "text": text}
            case Code():
                return {"type": "code", **code(one)}
        raise TypeError(f"not a block: {one!r}")

    def line(self, one: Line) -> dict[str, Any]:
        return {
            "type": "line",
            "name": one.left,
            "left": self.formula(Letter(one.left), one.functions),
            "formulas": [self.formula(f, one.functions) for f in one.formulas],
            "values": {n: self.arrays.name(v) for n, v in one.values.items()},
            "given": sorted(one.given),
            "result": None if one.blank else self.arrays.name(one.result),
            "shape": list(np.shape(one.result)),
            "blank": one.blank,
            "samples": one.samples,
            "path": one.path,
            "shapes": one.shapes,
            "remark": one.remark,
            "code": code(one.code) if one.code else None,
            "digits": one.digits,
        }

    def chain(self, one: Chain) -> dict[str, Any]:
        def factor(f: Factor) -> dict[str, Any]:
            formula = None if f.formula is None else self.formula(f.formula, one.functions)
            derivative = self.formula(f.derivative, one.functions)
            return {"derivative": derivative, "formula": formula, "value": number(f.value)}

        return {
            "type": "chain",
            "left": self.formula(one.left, one.functions),
            "general": [self.formula(g, one.functions) for g in one.general],
            "products": [[factor(f) for f in product] for product in one.products],
            "omitted": {"products": one.omitted[0], "sum": number(one.omitted[1])},
            "result": number(one.result),
            "nudge": None if one.nudge is None else number(one.nudge),
            "remark": one.remark,
        }


def code(one: Code) -> dict[str, Any]:
    """Return a place in the source."""
    return {"file": one.file, "line": one.line, "text": one.text}
