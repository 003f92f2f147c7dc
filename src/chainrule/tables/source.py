"""Where a table comes from: a file or a frame, read in chunks of named columns.

Every chunk is a polars frame whose columns are text (as it stands in the file) or Float64, so that
the same rules decide about a CSV, a Parquet file and a pandas frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from chainrule.data.progress import shown
from chainrule.errors import DataError
from chainrule.tables.polars import polars

if TYPE_CHECKING:
    import polars as pl

CHUNK_ROWS = 65_536
LONG = 64 << 20  # bytes from which on reading shows how far it is
NESTED = "\0"  # begins no text of a CSV
ARROW = (".parquet", ".arrow", ".feather", ".ipc")


class Chunk(NamedTuple):
    """Some rows; `first` is the number of the first as a message counts them.

    `size` is how many bytes of the file they took, where that is known.
    """

    frame: pl.DataFrame
    first: int
    size: int = 0


class Source(Protocol):
    """A table: its columns' names, in order, and its rows, as often as they are asked for."""

    where: str
    columns: tuple[str, ...]
    size: int  # in bytes, as far as it is known

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from the first to the last."""
        ...


def open_source(data: Any, where: str = "the table") -> Source:
    """Return the table in a file (CSV, TSV, Parquet, Arrow) or in a frame.

    A frame is one of polars or pandas, a mapping name -> values, or a list of such mappings.
    """
    if isinstance(data, str | Path):
        from chainrule.tables.arrow import ArrowSource
        from chainrule.tables.csv_source import CsvSource

        path = Path(data).expanduser()
        return ArrowSource(path) if path.suffix.lower() in ARROW else CsvSource(path)
    return FrameSource(as_frame(data, where), where)


class Watched:
    """A source that says how far its reading is, where that takes a while."""

    def __init__(self, source: Source, text: str, silent: bool) -> None:
        self.source, self.text = source, text
        self.where, self.columns, self.size = source.where, source.columns, source.size
        self.silent = silent or source.size < LONG

    def chunks(self) -> Iterator[Chunk]:
        total = None if self.where.endswith(".gz") else self.size
        with shown(f"{self.text} {self.where}", total, bar=False if self.silent else None) as go:
            for chunk in self.source.chunks():
                yield chunk
                go(chunk.size)


class FrameSource:
    """A frame in memory; its rows are counted from 0, as an index is."""

    def __init__(self, frame: pl.DataFrame, where: str) -> None:
        self.frame, self.where = frame, where
        self.columns = tuple(frame.columns)
        self.size = int(frame.estimated_size())

    def chunks(self) -> Iterator[Chunk]:
        for first in range(0, len(self.frame), CHUNK_ROWS):
            yield Chunk(plain(self.frame[first : first + CHUNK_ROWS]), first)


def as_frame(data: Any, where: str) -> pl.DataFrame:
    """Return a polars frame of what may be a frame of polars or pandas, a mapping or a list."""
    pl = polars()
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, list | tuple) and all(isinstance(row, Mapping) for row in data):
        names = list(dict.fromkeys(name for row in data for name in row))
        data = {name: [row.get(name) for row in data] for name in names}
    if isinstance(data, Mapping):
        items = [(str(name), list(values)) for name, values in data.items()]
    elif hasattr(data, "columns") and hasattr(data, "items"):  # of pandas
        items = [(str(name), values) for name, values in data.items()]
    else:
        raise DataError(
            f"{where}: expected a file's name, a frame of polars or pandas, or a mapping from "
            f"names to values, got {type(data).__name__}"
        )
    names = [name for name, _ in items]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f'{where}: two columns are called "{name}"')
    series = [_series(name, values, where) for name, values in items]
    for one in series:
        if len(one) != len(series[0]):
            raise DataError(
                f'{where}: column "{one.name}" has {len(one)} rows, '
                f'"{series[0].name}" has {len(series[0])}'
            )
    return pl.DataFrame(series)


def _series(name: str, values: Any, where: str) -> pl.Series:
    """Return values as they are typed, mixed ones as text."""
    pl = polars()
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", "O")
    if kind == "M" and getattr(dtype, "tz", None) is not None:
        values = values.dt.tz_localize(None)  # the time on the clock there, as for polars
    if kind == "b":
        return pl.Series(name, [None if _gone(cell) else bool(cell) for cell in values])
    if kind in "iufM" and hasattr(values, "to_numpy"):
        nullable = kind != "M" and not isinstance(dtype, np.dtype)  # Int64, unlike int64
        options = {"dtype": float, "na_value": float("nan")} if nullable else {}
        return pl.Series(name, values.to_numpy(**options))
    if kind == "M":
        return pl.Series(name, values)
    cells = [None if _gone(cell) else cell for cell in values]
    try:
        return pl.Series(name, cells, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        if any(isinstance(cell, list | tuple | dict) for cell in cells):
            raise DataError(f'{where}: column "{name}" holds lists, not single values') from None
        return pl.Series(name, [None if c is None else str(c) for c in cells], dtype=pl.String)


def _gone(cell: Any) -> bool:
    """Say whether a cell of a frame is missing: None, NaN, or pandas' NA and NaT."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float) and cell != cell


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return every column as text or Float64.

    A column of lists, structs, bytes or durations holds the mark NESTED and its type instead, for
    whoever decides about columns to refuse it by name.
    """
    pl = polars()
    columns = []
    for cells in frame.iter_columns():
        dtype = cells.dtype
        if dtype.is_numeric():
            columns.append(cells.cast(pl.Float64))
        elif dtype == pl.Null:
            columns.append(cells.cast(pl.String))
        elif dtype == pl.Date:
            columns.append(cells.dt.strftime("%Y-%m-%d"))
        elif dtype == pl.Datetime:
            columns.append(cells.dt.replace_time_zone(None).dt.strftime("%Y-%m-%dT%H:%M:%S"))
        elif dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
            columns.append(cells.cast(pl.String))
        elif dtype == pl.Time:
            columns.append(cells.dt.strftime("%H:%M:%S"))
        else:
            mark = pl.Series(cells.name, [f"{NESTED}{dtype}"], dtype=pl.String)
            columns.append(mark.new_from_index(0, len(cells)))
    return pl.DataFrame(columns)
