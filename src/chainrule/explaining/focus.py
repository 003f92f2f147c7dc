"""What a page is about: one value or one entry of it, "W1[2,1]", as the board counts, from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.explaining.entries import Entry
from chainrule.explaining.local import Place
from chainrule.explaining.naming import own_name
from chainrule.explaining.writer import Writer
from chainrule.formulas import turns

_FOCUS = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*(?:\[\s*(?P<index>[\d\s,]*)\])?\s*")
_INDEX = re.compile(r"\[\s*\d+\s*(,\s*\d+\s*)*\]")


@dataclass(frozen=True)
class Value:
    """A value of the pass: of layer `i`, its parameter, its input "X" or its output "Y"."""

    name: str  # as it is asked for, "W1"
    i: int
    letter: str
    page_name: str
    shape: tuple[int, ...]  # as it lies on the board


@dataclass(frozen=True)
class Focus:
    """A value and, where one is meant, the place of an entry in the code's arrays, from 0."""

    value: Value
    place: Place | None
    text: str


def values_of(writer: Writer) -> dict[str, Value]:
    """Return every value that can be asked for: X, W1, b1, Z1, A1 and so on."""
    found: dict[str, Value] = {}

    def add(name: str, i: int, letter: str) -> None:
        record = writer.trace.records[i]
        array = np.asarray(record.values[letter])
        shape = writer.turned(array, letter, writer.board.backward).shape
        page_name = writer.naming.records[i][letter]
        found.setdefault(name, Value(name, i, letter, page_name, shape))

    add("X", 0, "X")
    layer, activated = 0, False
    count = sum(bool(record.params) for record in writer.trace.records)
    for i, record in enumerate(writer.trace.records):
        names = writer.naming.records[i]
        if record.params:
            layer, activated = layer + 1, False
        index = str(layer) if count > 1 else ""
        for parameter in record.params:
            add(own_name(parameter, index, list(record.params)), i, parameter)
        if record.params:
            add("Z" + index, i, "Y")
        elif layer and not activated:
            activated = True
            add("A" + index, i, "Y")
        elif not writer.board.per_layer:
            add(names["Y"], i, "Y")
    return found


def find(writer: Writer, text: str) -> Focus:
    """Return what a focus means; raise ConfigurationError, with what there is, if nothing.

    The name may also be the code's, "0.W", or the board's own letter, "ω[1]".
    """
    values = values_of(writer)
    match = _FOCUS.fullmatch(text)
    whole = text.strip()
    names: dict[str, Value] = {**values}
    for value in values.values():
        names.setdefault(value.page_name, value)
        names.setdefault(writer.plain(value.page_name), value)
        if value.letter not in "XY":
            names.setdefault(writer.parameter_path(value.i, value.letter), value)
    if whole in names:  # a board's own brackets, W[1], are part of the name
        return Focus(names[whole], None, whole)
    name = whole.rpartition("[")[0] if whole.rpartition("[")[0] in names else ""
    if match is not None and not name:
        name = match["name"]
    elif match is None and not name:
        name = whole.partition("[")[0].strip()
    if name not in names:
        there = ", ".join(f"{v.name} {_size(v.shape)}" for v in values.values())
        raise ConfigurationError(f'focus "{text}": there is no {name or text}; there are {there}')
    value = names[name]
    inside = whole[len(name) :].strip()
    if not inside:
        return Focus(value, None, whole)
    if not _INDEX.fullmatch(inside):
        raise ConfigurationError(f'focus "{text}": expected {name}[1,1], with whole numbers')
    numbers = [int(n) for n in re.findall(r"\d+", inside)]
    return Focus(value, place_of(writer, value, numbers, text), whole)


def _size(shape: tuple[int, ...]) -> str:
    return "(" + "×".join(map(str, shape)) + ")"


def place_of(writer: Writer, value: Value, numbers: list[int], text: str) -> Place:
    """Return the place in the code's array for an index as the board counts it."""
    shape = value.shape
    given = list(numbers)
    if len(numbers) < len(shape):  # b[2], or the first sample's a[2]
        one = [n for n in shape if n != 1]
        if len(numbers) == 1 and len(shape) == 2:
            vertical = _turns(writer, value) or (len(one) == 1 and shape[1] == 1)
            numbers = [numbers[0], 1] if vertical else [1, numbers[0]]
        elif len(numbers) == len(shape) - 1:
            numbers = [1, *numbers]
    bad = len(numbers) != len(shape) or any(
        not 1 <= n <= size for n, size in zip(numbers, shape, strict=False)
    )
    if bad:
        there = " and ".join(f"1 to {n}" for n in shape)
        raise ConfigurationError(
            f'focus "{text}": {value.name} is {_size(shape)} on this board, counted {there}, '
            f"got [{', '.join(map(str, given))}]"
        )
    place = tuple(n - 1 for n in numbers)
    array = np.asarray(writer.trace.records[value.i].values[value.letter])
    if array.ndim == 1:
        return (max(place),) if len(place) == 2 else place
    return place[::-1] if array.ndim == 2 and _turns(writer, value) else place


def _turns(writer: Writer, value: Value) -> bool:
    return turns(value.letter, writer.board.backward, scalars=writer.letters.scalars)


def entry_on_board(
    writer: Writer, i: int, letter: str, place: tuple[int | str, ...], back: bool = True
) -> Entry:
    """Return an entry of layer i as the board writes it, counted from 1.

    `place` is in the code's order; numbers count from 0. What there is only one of has no number:
    one sample, one unit.
    """
    record, names = writer.trace.records[i], writer.naming.records[i]
    base = letter[1:] if letter.startswith("d") and letter not in names else letter
    name = ("d" if base != letter else "") + names[base]
    return reduced(writer, name, base, np.shape(record.values[base]), place, back)


def reduced(
    writer: Writer, name: str, base: str, shape: tuple[int, ...],
    place: tuple[int | str, ...], back: bool = True,
) -> Entry:  # fmt: skip
    """Return an entry whose index is turned as the board turns it, and short where it can be."""
    notation = writer.board.backward if back else writer.board.forward
    index = [p + 1 if isinstance(p, int) else writer.board.indices.get(p, p) for p in place]
    parameter = base not in ("X", "Y", "Z", "A", "L", "w")
    if not parameter:
        samples, *features = index
        if len(shape) > 1 and shape[1] == 1 and len(features) == 1 and isinstance(features[0], int):
            features = []
        index = features if writer.samples == 1 else [samples, *features]
    elif shape == (1,) and isinstance(index[0], int):
        index = []
    if len(index) == 2 and turns(base, notation, scalars=writer.letters.scalars):
        index = index[::-1]
    return Entry(name, tuple(index))
