"""What the rows of a table say about a column, gathered chunk by chunk in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables import dates
from chainrule.tables.column import Kind
from chainrule.tables.polars import numbers, polars, texts

if TYPE_CHECKING:
    import polars as pl

MOST_TEXTS = 10_000  # different values; a column with more is no category
MOST_NUMBERS = 1_000  # the same for numbers, which are mostly quantities


@dataclass
class Moments:
    """Count, mean and sum of squared deviations, merged chunk by chunk.

    Source: Chan, Golub and LeVeque (1979), "Updating formulae and a pairwise algorithm".
    """

    count: int = 0
    mean: Any = 0.0
    squares: Any = 0.0

    def add(self, values: NDArray[Any]) -> None:
        """Take in rows (m, k) of finite numbers."""
        m = len(values)
        if not m:
            return
        mean = values.mean(axis=0)
        squares = ((values - mean) ** 2).sum(axis=0)
        total, apart = self.count + m, mean - self.mean
        self.squares = self.squares + squares + apart**2 * (self.count * m / total)
        self.mean, self.count = self.mean + apart * (m / total), total

    @property
    def deviation(self) -> Any:
        """The standard deviation (1/m)."""
        return np.sqrt(self.squares / max(self.count, 1))


@dataclass
class Profile:
    """All that is known of a column after the chunks it has seen."""

    name: str
    asked: Kind | None = None  # what the user says it is
    format: str = ""
    rows: int = 0
    gaps: int = 0
    training_rows: int = 0
    training_gaps: int = 0
    number_count: int = 0
    first_text: tuple[int, str] | None = None  # row and content of the first that is no number
    first_number: tuple[int, str] | None = None
    infinite: tuple[int, str] | None = None
    whole: bool = True
    low: float = float("inf")
    high: float = float("-inf")
    consecutive: bool = True  # each number is the last plus 1
    last: float | None = None
    counts: dict[str, int] | None = field(default_factory=dict)  # None: more than is counted
    training_counts: dict[str, int] = field(default_factory=dict)
    moments: Moments = field(default_factory=Moments)
    formats: dict[str, Moments] | None = None  # those that fit every row so far
    date_break: tuple[int, str, str] | None = None  # where the last format broke, and that format

    def add(self, cells: pl.Series, first: int, training: NDArray[np.bool_]) -> None:
        """Take in the cells of a chunk; `training` marks the rows that may be learnt from."""
        values, gaps = numbers(cells)
        odd = values.is_null() & ~gaps
        gap = gaps.to_numpy()
        self.rows += len(cells)
        self.gaps += int(gap.sum())
        self.training_rows += int(training.sum())
        self.training_gaps += int((gap & training).sum())
        if odd.any():
            place = int(odd.arg_max() or 0)
            self.first_text = self.first_text or (first + place, str(cells[place]).strip())
        self._add_numbers(values.to_numpy(), cells, first, training)
        if self.asked == "ignore":
            return
        if self.asked in ("category", "boolean") or self.counts is not None:
            self._count(texts(cells), training)
        if (self.first_text and self.asked is None) or self.asked == "date":
            self._try_dates(texts(cells), first, training)

    def _add_numbers(
        self, values: NDArray[Any], cells: pl.Series, first: int, training: NDArray[np.bool_]
    ) -> None:
        there = ~np.isnan(values)
        infinite = np.isinf(values)
        if infinite.any():
            place = int(infinite.argmax())
            self.infinite = self.infinite or (first + place, str(cells[place]))
            there &= ~infinite
        if not there.any():
            return
        if self.first_number is None:
            place = int(there.argmax())
            self.first_number = (first + place, str(cells[place]))
        found = values[there]
        self.number_count += len(found)
        self.whole = self.whole and bool((found == np.floor(found)).all())
        self.low, self.high = min(self.low, found.min()), max(self.high, found.max())
        if self.consecutive:
            steps = np.diff(found, prepend=found[0] - 1 if self.last is None else self.last)
            self.consecutive, self.last = bool((steps == 1).all()), float(found[-1])
        self.moments.add(values[there & training][:, None])

    def _count(self, cells: pl.Series, training: NDArray[np.bool_]) -> None:
        if self.counts is None:
            return
        _add(self.counts, cells)
        _add(self.training_counts, cells.filter(polars().Series(training)))
        most = MOST_TEXTS if self.first_text or self.asked else MOST_NUMBERS
        if len(self.counts) > most:
            self.counts, self.training_counts = None, {}

    def _try_dates(self, cells: pl.Series, first: int, training: NDArray[np.bool_]) -> None:
        """Drop the formats that a cell does not have; learn the numbers of those that remain."""
        there = cells.is_not_null()
        if not there.any():
            return
        if self.formats is None:
            one = cells.filter(there).head(1)
            tried = (self.format,) if self.format else dates.FORMATS
            fit = [f for f in tried if dates.instants(one, f).is_not_null().all()]
            self.formats = {f: Moments() for f in fit}
            if not fit and self.format:
                place = int(there.arg_max() or 0)
                self.date_break = (first + place, str(cells[place]), self.format)
        for form in list(self.formats):
            found = dates.instants(cells, form)
            wrong = found.is_null() & there
            if wrong.any():
                del self.formats[form]
                place = int(wrong.arg_max() or 0)
                self.date_break = (first + place, str(cells[place]), form)
            else:
                rows = dates.numbers_of(found, form)
                self.formats[form].add(rows[training & there.to_numpy()])

    @property
    def present(self) -> int:
        """The cells that are not missing."""
        return self.rows - self.gaps

    @property
    def different(self) -> int | None:
        """How many different values there are; None: more than are counted."""
        return None if self.counts is None else len(self.counts)


def _add(counts: dict[str, int], cells: pl.Series) -> None:
    found = cells.drop_nulls().value_counts(name="n")
    for value, n in found.iter_rows():
        counts[value] = counts.get(value, 0) + n
