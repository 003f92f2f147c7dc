"""The first walk through a table: what its columns are, and which rows are held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.samples import MAX_CLASSES
from chainrule.data.targets import MOST_CLASSES
from chainrule.errors import ConfigurationError, DataError
from chainrule.randomness import Rng
from chainrule.tables.column import Kind
from chainrule.tables.deciding import check_mixed, check_nested, decide
from chainrule.tables.polars import texts
from chainrule.tables.profile import Profile
from chainrule.tables.schema import Rows, Schema, Target
from chainrule.tables.source import Source

if TYPE_CHECKING:
    import polars as pl

TRAIN, VALIDATION, TEST = 0, 1, 2
BLOCK = 20  # of so many rows of a class, the same number goes to each part
STRATA = 50


class Survey(NamedTuple):
    """The schema, and the part (train, validation, test) of each row in order."""

    schema: Schema
    parts: NDArray[np.uint8]


class Split:
    """Which rows are held out, decided as they come: of each class the same share, by the seed."""

    def __init__(self, test: float, validation: float, seed: int) -> None:
        size = BLOCK
        if any(abs(share * size - round(share * size)) > 1e-9 for share in (test, validation)):
            size = 5 * BLOCK
        self.size, self.seed = size, seed
        self.test, self.validation = round(test * size), round(validation * size)
        self.seen: dict[str | None, int] = {}
        self.numbers: dict[str | None, int] = {}

    def parts(self, cells: pl.Series) -> NDArray[np.uint8]:
        """Return the part of each row of a chunk, whose targets these are."""
        found = np.empty(len(cells), np.uint8)
        words = texts(cells)
        known = words.unique().to_list()
        if len(known) > STRATA or len(self.seen) + len(known) > 4 * STRATA:
            groups = {None: np.arange(len(cells))}
        else:
            groups = {w: (words == w).fill_null(False).to_numpy().nonzero()[0] for w in known}
        for word, rows in sorted(groups.items(), key=lambda item: str(item[0])):
            stratum = self.numbers.setdefault(word, len(self.numbers))
            places = self.seen.get(word, 0) + np.arange(len(rows))
            self.seen[word] = self.seen.get(word, 0) + len(rows)
            if not len(rows):
                continue
            first = int(places[0]) // self.size
            blocks = np.arange(first, int(places[-1]) // self.size + 1, dtype=np.uint32)
            rng = Rng(self.seed, stratum, blocks).at("held out")
            rank = rng.bits((len(blocks), self.size)).argsort(axis=1).argsort(axis=1)
            ranks = rank[places // self.size - first, places % self.size]
            held = ranks < self.test + self.validation
            found[rows] = np.where(ranks < self.test, TEST, np.where(held, VALIDATION, TRAIN))
        return found


def survey(
    source: Source,
    target: str,
    asked: Mapping[str, tuple[Kind, str]],
    test: float,
    validation: float,
    seed: int,
) -> Survey:
    """Return what a table holds; every row is read once.

    Raises DataError for all that cannot be used, naming the column and the first bad row, and
    ConfigurationError for a column that is not there.
    """
    for name in (target, *asked):
        if name not in source.columns:
            raise _no_column(source, name)
    if len(source.columns) < 2:
        raise DataError(
            f'{source.where}: nothing to predict "{target}" from: it is the only column'
        )
    profiles = [Profile(name, *asked.get(name, (None, ""))) for name in source.columns]
    split, parts = Split(test, validation, seed), []
    for frame, first, _ in source.chunks():
        cells = frame[target]
        _check_target(cells, target, source.where, first)
        part = split.parts(cells)
        parts.append(part)
        for profile in profiles:
            profile.add(frame[profile.name], first, part == TRAIN)
    if not parts:
        raise DataError(f"{source.where}: a header and no rows")
    every = np.concatenate(parts)
    if not (every == TRAIN).any():
        every[:] = TRAIN
    goal = next(p for p in profiles if p.name == target)
    decided = _target(goal, source.where)
    columns = tuple(decide(p, source.where) for p in profiles if p is not goal)
    if not any(c.used for c in columns):
        raise DataError(f"{source.where}: no column is left to predict from; see --columns")
    return Survey(Schema(columns, decided, seed, test, validation), every)


def _no_column(source: Source, name: str) -> Exception:
    has = ", ".join(source.columns[:20]) + ", …" * (len(source.columns) > 20)
    if len(source.columns) == 1:
        return DataError(
            f'{source.where}: no column "{name}": the whole first row is one name, "{has[:60]}"; '
            f"separate cells by comma, semicolon, tab or |"
        )
    return ConfigurationError(f'{source.where}: no column "{name}"; columns: {has}')


def _check_target(cells: pl.Series, name: str, where: str, first: int) -> None:
    gaps = texts(cells).is_null()
    if gaps.any():
        place = int(gaps.arg_max() or 0)
        raise DataError(
            f'{where}: column "{name}", row {first + place}: the target is missing: leave such '
            f"rows out, or fill them in"
        )


def _target(p: Profile, where: str) -> Target:
    """Return whether the target is a class or a number; the rule of `chainrule.data` on counts."""
    if p.asked in ("date", "ignore"):
        raise ConfigurationError(f'the target "{p.name}" must be a number or a category')
    check_nested(p, where)
    if p.infinite is not None and p.asked != "category":
        raise DataError(
            f'{where}: column "{p.name}", row {p.infinite[0]}: expected a finite number as the '
            f'target, got "{p.infinite[1]}"'
        )
    classes = p.asked in ("category", "boolean")
    if p.asked is None:
        if p.first_text is not None and p.number_count:
            check_mixed(p, where)
        few = p.different is not None and p.different <= min(MOST_CLASSES, p.rows / 2)
        classes = p.first_text is not None or (p.whole and few)
    if not classes:
        if p.first_text is not None:
            row, text = p.first_text
            raise DataError(
                f'{where}: column "{p.name}", row {row}: expected a number as the '
                f'target, got "{text}"'
            )
        if p.low == p.high:
            raise DataError(f'{where}: the target "{p.name}" is {p.low:g} in every row')
        mean, spread = float(np.ravel(p.moments.mean)[0]), float(np.ravel(p.moments.deviation)[0])
        return Target(p.name, f"numbers, {p.low:g} to {p.high:g}", None, (), mean, spread or 1.0)
    counts = p.counts
    if counts is None or (len(counts) == p.rows > MOST_CLASSES) or len(counts) > MAX_CLASSES:
        raise DataError(
            f'{where}: the target "{p.name}" is another text in (almost) every row, an identifier '
            f"or free text: choose another target"
        )
    if len(counts) < 2:
        raise DataError(
            f'{where}: the target "{p.name}" has one class, "{next(iter(counts))}", in all '
            f"{p.rows:,} rows: there is nothing to learn"
        )
    from chainrule.tables.deciding import in_order

    names = tuple(sorted(counts, key=in_order))
    return Target(p.name, f"{len(names)} classes", names, tuple(counts[n] for n in names))


def target_of(source: Source, target: str | None) -> str:
    """Return the target's column: as named, or the only one with a usual name."""
    from chainrule.data.readers.csv import TARGET_NAMES

    if target is not None:
        return target
    likely = [name for name in source.columns if name.lower() in TARGET_NAMES]
    if len(likely) == 1:
        return likely[0]
    raise DataError(
        f"{source.where}: which column is the target? Name it with --target; columns: "
        f"{', '.join(source.columns[:20])}"
    )


def rows_of(schema: Schema, source: Source, part: str | None) -> Iterator[Rows]:
    """Yield the encoded rows and targets of a table, or of one part of it.

    "test" is what was held out of the file that the model was trained on, "train" the rest of it;
    everything else is all.
    """
    split = Split(schema.held_out, schema.watched, schema.seed)
    schema.check(source, targets=True)
    for frame, first, _ in source.chunks():
        cells = frame[schema.target.name]
        X = schema.inputs(frame, source.where, first)
        y = schema.target.positions(cells, source.where, first)
        if part in ("test", "train"):
            chosen = (split.parts(cells) == TEST) == (part == "test")
            X, y = X[chosen], y[chosen]
        yield Rows(X, y, first)
