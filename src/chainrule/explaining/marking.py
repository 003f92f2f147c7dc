"""Marking a worksheet: which line is the first wrong one, and which slip explains it.

A line counts as right if its numbers are the key's, or follow from the student's own rounded
ones; after a wrong line those that were computed correctly from it "follow from line n".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from chainrule.errors import ChainruleError, DataError, unknown_name
from chainrule.explaining.boxes import Boxes
from chainrule.explaining.figures import cells
from chainrule.explaining.numbers import written
from chainrule.explaining.page import Line
from chainrule.explaining.slips import Slips
from chainrule.explaining.worksheet import Worksheet
from chainrule.formulas import Call, Letter, evaluate
from chainrule.namespace import Array

ABSOLUTE, RELATIVE = 3e-4, 0.006  # what rounding to four decimals, line by line, may add up to
COARSE = 0.04
OPEN = "?"

Verdict = Literal["right", "open", "follows", "wrong"]
SIGNS: dict[Verdict, str] = {"right": "✓", "open": "·", "follows": "→", "wrong": "✗"}


@dataclass(frozen=True)
class Mark:
    """What is said of one line. `root` is the number of the wrong line that it follows from."""

    number: int
    key: str
    formula: str
    verdict: Verdict
    words: str = ""
    root: int = 0


@dataclass(frozen=True)
class Marking:
    """All marks of a sheet."""

    name: str
    marks: tuple[Mark, ...] = field(repr=False)

    @property
    def first_wrong(self) -> Mark | None:
        """Return the first line that is wrong in itself."""
        return next((m for m in self.marks if m.verdict == "wrong"), None)

    @property
    def is_right(self) -> bool:
        """Say whether every line is right."""
        return all(m.verdict == "right" for m in self.marks)

    def __str__(self) -> str:
        count = sum(m.verdict == "right" for m in self.marks)
        lines = [f"worksheet {self.name}: {count} of {len(self.marks)} lines right"]
        first = self.first_wrong
        if first is not None:
            lines.append(f"the first wrong line is ({first.number}) {first.formula}")
            lines += [f"    {row}" for row in first.words.split("\n")]
        for mark in self.marks:
            said = {"right": "", "open": "not answered", "wrong": "wrong"}.get(mark.verdict, "")
            if mark.verdict == "follows":
                said = f"follows from line ({mark.root})"
            elif mark.verdict == "wrong" and mark is not first:
                said = mark.words.split("\n")[0]
            end = f"  {said}" if said else ""
            lines.append(f" {SIGNS[mark.verdict]} ({mark.number}) {mark.formula}{end}")
        return "\n".join(lines)


def mark(sheet: Worksheet, answers: Mapping[str, Any]) -> Marking:
    """Return the marks of answers, given by the keys of the sheet; "?" is no answer.

    Raises ConfigurationError for a key that the sheet does not have, DataError for an answer that
    is not numbers.
    """
    for key in answers:
        if key not in sheet.keys:
            raise unknown_name("line of the worksheet", key, sheet.keys)
    return Marking(sheet.name, tuple(_Marker(sheet, answers).marks()))


class _Marker:
    def __init__(self, sheet: Worksheet, answers: Mapping[str, Any]) -> None:
        self.sheet, self.given = sheet, answers
        self.own: list[Array] = []  # what the student has at each line, or the key's
        self.done: list[Mark] = []

    def marks(self) -> list[Mark]:
        for i in range(len(self.sheet.lines)):
            self.done.append(self.one(i))
        return self.done

    def one(self, i: int) -> Mark:
        line, key = self.sheet.lines[i], self.sheet.keys[i]
        letters = self.sheet.solved.page.letters
        formula = " = ".join(
            [written(Boxes(), Letter(line.left), letters),
             *(written(Boxes(), f, letters, line=line) for f in line.formulas)]
        )  # fmt: skip
        said = Mark(i + 1, key, formula, "right")
        right = np.asarray(line.result, float)
        sources = self.sources(i)
        values = {**line.values, **{n: self.own[j] for n, j in sources.items()}}
        follows = computed(line, values)
        answer, complaint = self.answer(key, right, values, line)
        if complaint:
            self.own.append(right)
            return replace(said, verdict="wrong", words=complaint)
        if answer is None:
            self.own.append(right)
            return replace(said, verdict="open")
        self.own.append(answer)
        if close(answer, right):
            return said
        if close(answer, follows):
            roots = [self.done[j] for j in sources.values()]
            root = next((m.root or m.number for m in roots if m.verdict in ("wrong", "follows")), 0)
            return replace(said, verdict="follows" if root else "right", root=root)
        words = self.diagnosed(line, values, answer, follows)
        return replace(said, verdict="wrong", words=words)

    def sources(self, i: int) -> dict[str, int]:
        """Return for each letter of a line the earlier line that computed it."""
        lines = self.sheet.lines
        found = {}
        for name, value in lines[i].values.items():
            if name in lines[i].given:
                continue
            same = [j for j in range(i) if np.array_equal(lines[j].result, value)]
            named = [j for j in same if lines[j].left == name]
            if named or same:
                found[name] = (named or same)[-1]
        return found

    def answer(
        self, key: str, right: Array, values: Mapping[str, Array], line: Line
    ) -> tuple[Array | None, str]:
        """Return the student's numbers in the shape of the key's, or what is wrong with them."""
        given = self.given.get(key, OPEN)
        flat = np.array(list(flattened(given)), dtype=object)
        if len(flat) == 0 or any(v == OPEN for v in flat):
            return None, ""
        try:
            numbers = flat.astype(float)
        except (TypeError, ValueError):
            raise DataError(f"{key}: expected numbers, got {given!r}") from None
        if numbers.size == right.size:
            turned = np.ndim(given) == 2 and np.shape(given) == right.shape[::-1]
            square = len(set(right.shape)) == 1
            if turned and not square and min(right.shape) > 1:
                return numbers.reshape(right.shape[::-1]).T, ""
            return numbers.reshape(right.shape), ""
        for wrong in self.slips(line, values).all():
            if wrong.value.size == numbers.size and close(
                numbers.reshape(wrong.value.shape), wrong.value
            ):
                return None, wrong.words
        return None, f"{right.size} numbers belong here, {size(right)}; there are {numbers.size}"

    def slips(self, line: Line, values: Mapping[str, Array]) -> Slips:
        others = dict(line.values)
        outputs = {}
        for j, other in enumerate(self.sheet.lines):
            others.update({n: v for n, v in other.values.items() if n in other.given})
            others[other.left] = self.own[j] if j < len(self.own) else other.result
            match other.formulas[0]:
                case Call(_, (Letter(name),)):
                    outputs[name] = other.left
        all_values = {**others, **values}
        return Slips(
            line, all_values, others, self.sheet.solved.page.letters, self.sheet.samples, outputs
        )

    def diagnosed(
        self, line: Line, values: Mapping[str, Array], answer: Array, follows: Array
    ) -> str:
        """Return the slip in words, with what was expected and what came."""
        expected = f"expected {shown(follows)}, got {shown(answer)}"
        for start in (values, line.values):
            for wrong in self.slips(line, start).all():
                fits = wrong.value.size == answer.size or wrong.value.ndim == 0
                if not fits:
                    continue
                value = np.broadcast_to(
                    wrong.value if wrong.value.ndim == 0 else wrong.value.reshape(answer.shape),
                    answer.shape,
                )
                if close(answer, value) and not close(value, follows):
                    return f"{wrong.words}\n{expected}"
        off = ~np.isclose(answer, follows, rtol=RELATIVE, atol=ABSOLUTE)
        scale = float(np.abs(follows).max()) or 1.0
        if float(np.abs(answer - follows).max()) < COARSE * scale:
            return f"close, but not to four decimals: rounded too early?\n{expected}"
        if off.sum() == 1 and off.size > 1:
            place = ",".join(str(int(k) + 1) for k in np.argwhere(off)[0])
            return f"the formula is right; only entry [{place}] is off: arithmetic\n{expected}"
        return f"no usual slip gives these numbers\n{expected}"


def computed(line: Line, values: Mapping[str, Array]) -> Array:
    """Return what a line gives for these values."""
    try:
        value = evaluate(line.formulas[-1], values, line.functions, line.samples)
    except ChainruleError:
        return np.asarray(line.result, float)
    array, shape = np.asarray(value, float), np.shape(line.result)
    return array.reshape(shape) if array.size == np.prod(shape) else np.broadcast_to(array, shape)


def close(a: Array, b: Array) -> bool:
    """Say whether numbers agree within what rounding does."""
    return bool(np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE))


def flattened(given: Any) -> Any:
    """Give the numbers of nested lists."""
    if isinstance(given, list | tuple):
        for one in given:
            yield from flattened(one)
    else:
        yield given


def size(array: Array) -> str:
    """Return 2×1."""
    return "×".join(map(str, np.atleast_2d(array).shape))


def shown(array: Array) -> str:
    """Return numbers on one line, rows after each other.

    >>> shown(np.array([[1.0], [-0.5]]))
    '[1.0000; −0.5000]'
    """
    rows = ["  ".join(row) for row in cells(array)]
    return rows[0] if np.size(array) == 1 else f"[{'; '.join(rows)}]"
