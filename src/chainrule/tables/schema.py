"""The schema: every column of a table as a network sees it, and the target; kept in the model.

Encoding a table gives one matrix X (rows, inputs). First come the numbers, raw and on their own
scale: a date is several of them, and where the training rows had gaps, a flag says so; the mean
stands in for what is missing. Then comes one token for each category, which is the place of the
value in `categories` from 1 on, and 0 for what is rare, unseen or missing. All that follows
(standardizing, one-hot rows, embeddings) is layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ModelFileError
from chainrule.tables import dates
from chainrule.tables.column import Column
from chainrule.tables.polars import numbers, polars, texts
from chainrule.tables.source import Source, open_source

if TYPE_CHECKING:
    import polars as pl

MISSING_WORD = "(missing)"


class Rows(NamedTuple):
    """Some encoded rows: inputs (m, k) in float32, and targets where they were asked for."""

    X: NDArray[Any]
    y: NDArray[Any] | None
    first: int


@dataclass(frozen=True)
class Target:
    """The column to predict: `classes` are its values in order, None for a number."""

    name: str
    reason: str
    classes: tuple[str, ...] | None = None
    counts: tuple[int, ...] = ()
    mean: float = 0.0
    spread: float = 1.0

    @property
    def task(self) -> str:
        """Return "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def positions(self, cells: pl.Series, where: str, first: int) -> NDArray[Any]:
        """Return the cells as classes (int32) or numbers (float64).

        Raises DataError for the first that is missing, no number or no known class.
        """
        if self.classes is None:
            values, gaps = numbers(cells)
            found = values.to_numpy()
            bad, expected = ~np.isfinite(found), "a number as the target"
        else:
            words = texts(cells)
            gaps = words.is_null()
            found = tokens(words, self.classes) - 1
            bad, expected = found < 0, f"one of {', '.join(self.classes[:12])}"
        if bad.any():
            place = int(bad.argmax())
            what = "nothing: the target is missing" if gaps[place] else f'"{cells[place]}"'
            raise DataError(
                f'{where}: column "{self.name}", row {first + place}: expected {expected}, '
                f"got {what}"
            )
        return found.astype(np.int32) if self.classes is not None else found


@dataclass(frozen=True)
class Schema:
    """The columns that a model was trained on, in its own order, and the target."""

    columns: tuple[Column, ...]
    target: Target
    seed: int = 0
    held_out: float = 0.0  # the shares of the training file that were kept for the test,
    watched: float = 0.0  # and to watch the training

    @cached_property
    def numeric(self) -> tuple[Column, ...]:
        """The columns that come as numbers."""
        return tuple(c for c in self.columns if c.used and not c.tokens)

    @cached_property
    def categories(self) -> tuple[Column, ...]:
        """The columns that come as tokens."""
        return tuple(c for c in self.columns if c.used and c.tokens)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The names of the numbers, one for each of the first columns of X."""
        return tuple(name for c in self.numeric for name in (*c.parts, *_flag(c)))

    @property
    def width(self) -> int:
        """How many columns X has."""
        return len(self.number_names) + len(self.categories)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The columns of X that belong to each column of the table."""
        found, start = {}, 0
        for c in self.numeric:
            size = len(c.parts) + len(_flag(c))
            found[c.name] = list(range(start, start + size))
            start += size
        return found | {c.name: [start + i] for i, c in enumerate(self.categories)}

    def encode(self, data: Any) -> NDArray[Any]:
        """Return X (rows, inputs) of a file, a frame, a mapping or a list of mappings.

        Columns may come in any order, and others may be there. Raises DataError for a column that
        is missing, or for a cell that is no number where the training data had numbers.
        """
        parts = [rows.X for rows in self.read(open_source(data))]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), np.float32)

    def read(self, source: Source, targets: bool = False) -> Iterator[Rows]:
        """Yield the encoded rows of a source chunk by chunk, with targets where asked for."""
        self.check(source, targets)
        for frame, first, _ in source.chunks():
            X = self.inputs(frame, source.where, first)
            y = None
            if targets:
                y = self.target.positions(frame[self.target.name], source.where, first)
            yield Rows(X, y, first)

    def check(self, source: Source, targets: bool = False) -> None:
        """Raise DataError for columns that the model needs and the source lacks."""
        needed = [c.name for c in self.columns if c.used] + [self.target.name] * targets
        for name in needed:
            if name not in source.columns:
                has = ", ".join(source.columns[:12]) + ", …" * (len(source.columns) > 12)
                raise DataError(
                    f'{source.where} lacks the column "{name}", which the model was trained on; '
                    f"it has {has}"
                )

    def inputs(self, frame: pl.DataFrame, where: str, first: int) -> NDArray[Any]:
        """Return X of a chunk."""
        X = np.empty((len(frame), self.width), np.float32)
        place = 0
        for c in self.numeric:
            values, gaps = _values(c, frame[c.name], where, first)
            X[:, place : place + values.shape[1]] = np.where(np.isnan(values), c.fill, values)
            place += values.shape[1]
            if c.gaps:
                X[:, place] = gaps
                place += 1
        for c in self.categories:
            X[:, place] = tokens(texts(frame[c.name]).fill_null(MISSING_WORD), words(c))
            place += 1
        return X

    def value(self, name: str, x: NDArray[Any]) -> str:
        """Return in words what a column holds in an encoded row."""
        column = next(c for c in self.columns if c.name == name)
        places = self.places[name]
        if column.tokens:
            token = int(x[places[0]])
            return words(column)[token - 1] if token else "(another)"
        if column.gaps and x[places[-1]]:
            return MISSING_WORD
        first = float(x[places[0]])
        return dates.on_day(first) if column.kind == "date" else f"{first:.6g}"

    def to_config(self) -> dict[str, Any]:
        """Return the schema as plain JSON values."""
        t = self.target
        return {
            "columns": [c.to_config() for c in self.columns],
            "target": {
                "name": t.name, "reason": t.reason, "counts": list(t.counts), "mean": t.mean,
                "spread": t.spread, "classes": None if t.classes is None else list(t.classes),
            },
            "seed": self.seed,
            "held_out": self.held_out,
            "watched": self.watched,
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Schema:
        """Return the schema that `to_config` wrote; raise ModelFileError for anything else."""
        try:
            lists: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in config["target"].items()
            }
            columns = tuple(Column.from_config(c) for c in config["columns"])
            return cls(
                columns,
                Target(**lists),
                int(config["seed"]),
                float(config["held_out"]),
                float(config["watched"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError(f"the table in the header is damaged: {error!r}") from None


def words(column: Column) -> tuple[str, ...]:
    """Return what has a token of its own, from 1 on; "missing" is one where it was seen."""
    return (*column.categories, MISSING_WORD) if column.gaps else column.categories


def tokens(cells: pl.Series, known: tuple[str, ...]) -> NDArray[Any]:
    """Return for each text its place in `known`, from 1 on, and 0 for all others."""
    pl = polars()
    places = cells.replace_strict(
        pl.Series(known, dtype=pl.String), pl.Series(range(1, len(known) + 1)), default=0,
        return_dtype=pl.Int32,
    )  # fmt: skip
    return places.fill_null(0).to_numpy()


def _flag(column: Column) -> tuple[str, ...]:
    return (f"{column.name}: missing",) if column.gaps else ()


def _values(
    column: Column, cells: pl.Series, where: str, first: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the numbers (m, parts) of a column, NaN where one is missing, and which are."""
    if column.kind == "date":
        found = texts(cells)
        instants = dates.instants(found, column.format)
        gaps, bad = found.is_null(), instants.is_null() & found.is_not_null()
        expected = f"a date like {dates.in_words(column.format)}"
        values = dates.numbers_of(instants, column.format)
    else:
        single, gaps = numbers(cells)
        bad, expected = (single.is_null() | single.is_infinite().fill_null(False)) & ~gaps, (
            "a finite number"
        )  # fmt: skip
        values = single.to_numpy()[:, None]
    if bad.any():
        place = int(bad.arg_max() or 0)
        raise DataError(
            f'{where}: column "{column.name}", row {first + place}: expected {expected}, '
            f'got "{cells[place]}"'
        )
    return values, gaps.to_numpy()
