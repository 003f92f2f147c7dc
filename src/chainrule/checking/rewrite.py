"""The student's line as it should be, for the slips that one small edit mends."""

from __future__ import annotations

import re

from chainrule.checking.diagnosis.hypothesis import Mutation
from chainrule.formulas import Letter, Transpose
from chainrule.formulas.tree import walk

_DIVISOR = re.compile(
    r"\s*/\s*(?:self\.)?(?:m|n|N|batch_size|len\(\w+\)|[\w.]+\.shape\[-?\d\])(?![\w.\[(])"
)
_SCALE = re.compile(r"(?:\(?\s*1(?:\.0?)?\s*/\s*(?:self\.)?(?:m|n|N|batch_size)\s*\)?)\s*\*\s*")


def mended(text: str, mutation: Mutation, own: dict[str, str]) -> str:
    """Return the line with the slip mended, "" where no simple edit is sure to do it.

    `own` gives the student's name for each letter of the formulas.
    """
    name = mutation.hypothesis.name
    if name == "transpose":
        return _transposed(text, mutation, own)
    if name in ("bias averaged", "1/n") and "divided" not in mutation.change.says:
        once = re.sub(r"\bmean\(", "sum(", text)
        if once != text and text.count("mean(") == 1:
            return once
    if name in ("bias averaged", "1/n"):
        for pattern in (_DIVISOR, _SCALE):
            once, count = pattern.subn("", text)
            if count == 1 and "missing" not in mutation.change.says:
                return once
        once = re.sub(r"\bmean\(", "sum(", text)
        return once if text.count("mean(") == 1 and "missing" not in mutation.change.says else ""
    return ""


def _transposed(text: str, mutation: Mutation, own: dict[str, str]) -> str:
    right = [
        n.operand.name
        for n in walk(mutation.site.formula)
        if isinstance(n, Transpose) and isinstance(n.operand, Letter)
    ]
    wrong = [
        n.operand.name
        for n in walk(mutation.change.wrong)
        if isinstance(n, Transpose) and isinstance(n.operand, Letter)
    ]
    missing = [n for n in right if n not in wrong]
    extra = [n for n in wrong if n not in right]
    if len(missing) == 1 and not extra:
        name = re.escape(own.get(missing[0], missing[0]).split(".")[-1])
        turned = rf"\b((?:self\.)?{name}(?:\[[^\]]*\])?)\b(?!\w|\.T\b)(?=\s*(?:@|\)|,|$|\.dot))"
        once, count = re.subn(turned, r"\1.T", text)
        already = re.search(rf"\b{name}(?:\[[^\]]*\])?\.T\b", text)
        if already:  # on columns the formula's W is the code's Wᵀ
            once, count = re.subn(rf"\b({name}(?:\[[^\]]*\])?)\.T\b", r"\1", text)
        return once if count == 1 else ""
    if len(extra) == 1 and not missing:
        name = re.escape(own.get(extra[0], extra[0]).split(".")[-1])
        once, count = re.subn(rf"\b({name})\.T\b", r"\1", text)
        return once if count == 1 else ""
    return ""
