"""One entry of a formula, written as a sum that can be redone by hand.

entry("dY @ W.T")  ->  "dy₁₁·w₁₁ + dy₁₂·w₁₂"  and  "−1.5·2 + 0.3·(−1)"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.checking.numbers import short, subscripted
from chainrule.formulas import (
    Binary,
    Call,
    Expression,
    Functions,
    Letter,
    Negate,
    Number,
    Transpose,
    evaluate,
    letters_in,
    render,
    substitute,
)
from chainrule.formulas.functions import is_elementwise

MOST_TERMS = 8
_SUM, _PRODUCT, _ATOM = range(3)


@dataclass(frozen=True)
class Entry:
    """An entry as symbols and as numbers, how tightly it binds, and its value."""

    symbols: str
    numbers: str
    binding: int
    value: float


@dataclass(frozen=True)
class Hand:
    """The arrays of a board (in its own notation) and how its letters are written."""

    letters: Mapping[str, Any]
    functions: Functions
    samples: str
    names: Mapping[str, str]

    def entry(self, expression: Expression, index: tuple[int, ...]) -> Entry:
        """Return one entry of an expression."""
        match expression:
            case Number(value):
                return Entry(short(value), short(value), _ATOM, value)
            case Letter(name):
                return self.letter(name, index)
            case Transpose(operand):
                return self.entry(operand, index[::-1])
            case Negate(operand):
                inner = self.entry(operand, index)
                return _joined([("−", inner)])
            case Binary("@", left, right):
                return self.product(left, right, index)
            case Binary("+" | "-" as sign, left, right):
                a, b = self.at(left, index), self.at(right, index)
                return _joined([("+", a), ("+" if sign == "+" else "−", b)])
            case Binary("*", left, right):
                return _times(self.at(left, index), self.at(right, index))
            case Binary("/", left, right):
                return _over(self.at(left, index), self.at(right, index))
            case Call(name, (argument,)) if name in _SUMS and name not in self.functions:
                return self.total(name, argument, index)
            case Call("first" | "last" as name, (argument,)):
                return self.entry(argument, self.sample(argument, name, index))
        return self.plain(expression, index)

    def at(self, expression: Expression, index: tuple[int, ...]) -> Entry:
        """Return the entry that broadcasting brings to `index`."""
        shape = np.shape(self.value(expression))
        tail = index[len(index) - len(shape) :] if len(shape) <= len(index) else (0,) * len(shape)
        return self.entry(
            expression, tuple(0 if n == 1 else i for n, i in zip(shape, tail, strict=True))
        )

    def value(self, expression: Expression) -> Any:
        """Return an expression's array."""
        return evaluate(expression, self.letters, self.functions, self.samples)

    def letter(self, name: str, index: tuple[int, ...]) -> Entry:
        array = np.asarray(self.letters[name])
        written = self.names.get(name, name)
        value = float(array[index] if array.ndim else array)
        if not array.ndim:
            return Entry(written, short(value), _ATOM, value)
        places = [i + 1 for i, n in zip(index, array.shape, strict=True) if n > 1] or [1]
        return Entry(_written(_small(written), places), short(value), _ATOM, value)

    def product(self, left: Expression, right: Expression, index: tuple[int, ...]) -> Entry:
        inner = np.shape(self.value(left))[-1]
        parts = []
        for j in range(inner):
            a, b = self.at(left, (index[0], j)), self.at(right, (j, index[-1]))
            parts.append(("+", _times(a, b)))
        return _joined(parts)

    def total(self, name: str, argument: Expression, index: tuple[int, ...]) -> Entry:
        over, _, how = name.partition("_")
        shape = np.shape(self.value(argument))
        if len(shape) != 2:
            return self.plain(Call(name, (argument,)), index)
        axis = (
            (0 if self.samples == "rows" else 1)
            if over == "batch"
            else (1 if self.samples == "rows" else 0)
        )
        kept = index if len(index) == 1 else (index[1 - axis],)
        parts = []
        for i in range(shape[axis]):
            place = (i, *kept) if axis == 0 else (*kept, i)
            parts.append(("+", self.at(argument, place)))
        result = _joined(parts)
        if how == "mean":
            return _over(result, Entry(str(shape[axis]), str(shape[axis]), _ATOM, shape[axis]))
        return result

    def sample(self, argument: Expression, which: str, index: tuple[int, ...]) -> tuple[int, ...]:
        shape = np.shape(self.value(argument))
        axis = 0 if self.samples == "rows" else 1
        at = 0 if which == "first" else shape[axis] - 1
        return tuple(at if i == axis else n for i, n in enumerate(index))

    def called(self, call: Call, index: tuple[int, ...]) -> str:
        """Return σ′(z₁₂) for an elementwise function, softmax(Z)₁₂ for any other."""
        if is_elementwise(call.name, self.functions):
            inner = self.at(call.arguments[0], index)
            return render(Call(call.name, (Letter("x"),)), functions=self.functions).replace(
                "(x)", f"({inner.symbols})"
            )
        own = {n: Letter(self.names[n]) for n in letters_in(call) if n in self.names}
        return _written(
            render(substitute(call, own), functions=self.functions), [i + 1 for i in index]
        )

    def plain(self, expression: Expression, index: tuple[int, ...]) -> Entry:
        """Return an entry as its value, under the formula's own symbols: σ′(z₁₂)."""
        array = np.asarray(self.value(expression))
        value = float(array[index] if array.ndim else array)
        if isinstance(expression, Call) and len(expression.arguments) == 1:
            return Entry(self.called(expression, index), short(value), _ATOM, value)
        if isinstance(expression, Binary) and expression.operator == "**":
            base, power = self.at(expression.left, index), expression.right
            if power == Number(2):
                return Entry(
                    f"{_fenced(base.symbols, base.binding)}²",
                    f"{_fenced(base.numbers, base.binding)}²",
                    _ATOM,
                    value,
                )
        return Entry(short(value), short(value), _ATOM, value)


def _written(letter: str, places: list[int]) -> str:
    """Return a letter's entry: w₁₂, and w₂[1,2] where the letter has a number of its own."""
    if set(letter) & set("₀₁₂₃₄₅₆₇₈₉"):
        return f"{letter}[{','.join(map(str, places))}]"
    return letter + subscripted(*places)


_SUMS = frozenset({"batch_sum", "batch_mean", "feature_sum", "feature_mean"})


def _small(name: str) -> str:
    """Return a board's letter for one entry: w of W, dy of dY."""
    return name if len(name) > 3 else name.lower()


def _fenced(text: str, binding: int) -> str:
    return text if binding == _ATOM and not text.startswith("−") else f"({text})"


def _times(a: Entry, b: Entry) -> Entry:
    def side(text: str, binding: int, first: bool) -> str:
        loose = binding < _PRODUCT or (text.startswith("−") and not first)
        return f"({text})" if loose else text

    return Entry(
        f"{side(a.symbols, a.binding, True)}·{side(b.symbols, b.binding, False)}",
        f"{side(a.numbers, a.binding, True)}·{side(b.numbers, b.binding, False)}",
        _PRODUCT,
        a.value * b.value,
    )


def _over(a: Entry, b: Entry) -> Entry:
    def above(text: str, binding: int) -> str:
        return text if binding >= _PRODUCT else f"({text})"

    def below(text: str, binding: int) -> str:
        return text if binding == _ATOM and not text.startswith("−") else f"({text})"

    return Entry(
        f"{above(a.symbols, a.binding)} / {below(b.symbols, b.binding)}",
        f"{above(a.numbers, a.binding)} / {below(b.numbers, b.binding)}",
        _PRODUCT,
        a.value / b.value if b.value else float("nan"),
    )


def _joined(parts: list[tuple[str, Entry]]) -> Entry:
    """Return a sum; a term that is negative in numbers is subtracted."""
    value = sum(e.value if sign == "+" else -e.value for sign, e in parts)
    shown = parts
    if len(parts) > MOST_TERMS:
        shown = [*parts[:3], ("+", Entry("…", "…", _ATOM, 0.0)), parts[-1]]
    symbols = numbers = ""
    for sign, entry in shown:
        loose = entry.binding == _SUM and sign == "−"
        text = f"({entry.symbols})" if loose else entry.symbols
        symbols += (
            text if not symbols and sign == "+" else (f" {sign} {text}" if symbols else f"−{text}")
        )
        text, own = (f"({entry.numbers})" if loose else entry.numbers), sign
        if text.startswith("−") and entry.binding != _SUM and numbers:
            text, own = text[1:], "−" if sign == "+" else "+"
        if not numbers:
            numbers = text if own == "+" else (f"−({text})" if text.startswith("−") else f"−{text}")
        else:
            numbers += f" {own} {text}"
    binding = _SUM if len(parts) > 1 else _PRODUCT
    return Entry(symbols, numbers, binding, value)
