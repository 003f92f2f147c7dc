"""CSV and TSV in chunks: blocks of bytes, cut at the end of a row, checked, parsed by polars.

The bytes are looked at here, so that a message can name the row: a block knows where its rows end
(never within quotes) and how many cells each has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.readers.files import opened
from chainrule.data.samples import MAX_COLUMNS
from chainrule.errors import DataError
from chainrule.tables.polars import polars
from chainrule.tables.source import Chunk

if TYPE_CHECKING:
    import polars as pl

BLOCK = 4 << 20
LONGEST_ROW = 32 << 20
SEPARATORS = ",;\t|"
DECIMAL_COMMA = r"^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*$"
NEWLINE, RETURN, QUOTE = 10, 13, 34
NL = b"\n"


class CsvSource:
    """A text table with names in its first row; rows are counted from 1, which is the header."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)
        with opened(path) as (stream, _):
            head = stream.read(1 << 20).removeprefix(b"\xef\xbb\xbf")
        self.size = path.stat().st_size
        if not head.strip():
            raise DataError(f"{path}: the file is empty")
        if b"\0" in head:
            raise DataError(
                f"{path}: expected UTF-8 text; it holds zero bytes (UTF-16, or no text table?)"
            )
        first = _ends(head)[:1]
        line = head[: int(first[0])] if len(first) else head
        try:
            text = line.decode("utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, row 1: expected UTF-8 text, got the byte {line[error.start]:#x} in the "
                f"columns' names (Latin-1? save the file as UTF-8)"
            ) from None
        self.separator = max(SEPARATORS, key=text.count)
        try:
            cells = next(csv.reader([text], delimiter=self.separator, strict=False), [])
        except csv.Error as error:
            raise DataError(f"{path}, row 1: not a readable table ({error})") from None
        if len(cells) > MAX_COLUMNS:
            raise DataError(f"{path}: {len(cells):,} columns; the limit is {MAX_COLUMNS:,}")
        names = [name.strip() or f"unnamed {i}" for i, name in enumerate(cells, 1)]
        for name in names:
            if names.count(name) > 1:
                places = [i for i, other in enumerate(names, 1) if other == name]
                raise DataError(
                    f'{path}, row 1: columns {places[0]} and {places[1]} are both called "{name}"'
                )
        self.columns = tuple(names)

    def chunks(self) -> Iterator[Chunk]:
        with opened(self.path) as (stream, _):
            row = 2
            for number, block in enumerate(_blocks(stream, self.where)):
                if number == 0:
                    block = block.removeprefix(b"\xef\xbb\xbf")
                    block = block[int(_ends(block)[0]) + 1 :]
                if block and not len(_ends(block)):
                    raise DataError(
                        f"{self.where}, row {row} or later: a quote is opened and never closed"
                    )
                for part, skipped, rows in _without_blank(block):
                    if part:
                        yield Chunk(self._parsed(part, row + skipped), row + skipped, len(part))
                    row += skipped + rows

    def _parsed(self, block: bytes, row: int) -> pl.DataFrame:
        """Return the rows of a block as text."""
        pl = polars()
        self._check_encoding(block, row)
        self._check_cells(block, row)
        try:
            frame = pl.read_csv(
                io.BytesIO(block),
                has_header=False,
                new_columns=list(self.columns),
                schema=dict.fromkeys(self.columns, pl.String),
                separator=self.separator,
                quote_char='"' if b'"' in block else None,
            )
            return frame if self.separator == "," or b"," not in block else _with_points(frame)
        except pl.exceptions.PolarsError as error:
            problem = str(error).splitlines()[0]
            raise DataError(
                f"{self.where}: unreadable from row {row} on: a stray quote? ({problem})"
            ) from None

    def _check_encoding(self, block: bytes, row: int) -> None:
        """Raise DataError for the first byte that is no UTF-8."""
        try:
            block.decode("utf-8")
        except UnicodeDecodeError as error:
            start = block.rfind(b"\n", 0, error.start) + 1
            place = block.count(self.separator.encode(), start, error.start)
            column = self.columns[min(place, len(self.columns) - 1)]
            near = block[start : error.start].rsplit(self.separator.encode(), 1)[-1]
            raise DataError(
                f'{self.where}: column "{column}", row {row + block.count(NL, 0, error.start)}: '
                f"expected UTF-8 text, got the byte {block[error.start]:#x} after "
                f'"{near.decode("utf-8", "replace")}" (Latin-1? save the file as UTF-8)'
            ) from None

    def _check_cells(self, block: bytes, row: int) -> None:
        """Raise DataError for the first row that has not one cell for each column."""
        data, ends = np.frombuffer(block, np.uint8), _ends(block)
        marks = np.flatnonzero((data == ord(self.separator)) & ~_quoted(data, block))
        cells = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
        wrong = np.flatnonzero(cells != len(self.columns))
        if not len(wrong):
            return
        place = int(wrong[0])
        number, got = row + place, int(cells[place])
        missing = f'"{self.columns[got]}" is missing' if got < len(self.columns) else "too many"
        separator = {"\t": "tab"}.get(self.separator, self.separator)
        raise DataError(
            f"{self.where}, row {number}: expected {len(self.columns)} cells separated by "
            f'"{separator}", got {got}: {missing}'
        )


def _with_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Return numbers like 1.234,5 as 1234.5: so they are written where semicolons separate cells.

    >>> import polars as pl
    >>> _with_points(pl.DataFrame({"a": ["1.234,5", "x, y", "-0,25", "1,2,3"]}))["a"].to_list()
    ['1234.5', 'x, y', '-0.25', '1,2,3']
    """
    pl = polars()
    columns = []
    for cells in frame.iter_columns():
        comma = cells.str.contains(DECIMAL_COMMA).fill_null(False)
        if comma.any():
            plain = cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
            cells = plain.zip_with(comma, cells)
        columns.append(cells)
    return pl.DataFrame(columns)


def _blocks(stream: IO[bytes], where: str) -> Iterator[bytes]:
    """Yield whole rows, some megabytes at a time; blank lines at the end are left out."""
    rest = b""
    while part := stream.read(BLOCK):
        block = rest + part
        ends = _ends(block)
        if not len(ends):
            if len(block) > LONGEST_ROW:
                raise DataError(
                    f"{where}: no end of a row in {len(block):,} bytes: is a quote left open?"
                )
            rest = block
            continue
        cut = int(ends[-1]) + 1
        rest = block[cut:]
        yield block[:cut]
    if rest.strip():
        yield rest.rstrip(b"\r\n") + b"\n"


def _quoted(data: NDArray[Any], block: bytes) -> NDArray[np.bool_]:
    """Return which bytes lie within quotes."""
    if b'"' not in block:
        return np.zeros(1, np.bool_)
    return np.bitwise_xor.accumulate((data == QUOTE).view(np.uint8)).view(np.bool_)


def _ends(block: bytes) -> NDArray[Any]:
    """Return where rows end: newlines outside quotes."""
    data = np.frombuffer(block, np.uint8)
    return np.flatnonzero((data == NEWLINE) & ~_quoted(data, block))


def _without_blank(block: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (rows, blank lines before them, count of rows) of a block."""
    data, ends = np.frombuffer(block, np.uint8), _ends(block)
    starts = np.append(0, ends[:-1] + 1) if len(ends) else ends
    blank = (ends == starts) | ((ends == starts + 1) & (data[starts] == RETURN))
    if not blank.any():
        yield block, 0, len(ends)
        return
    skipped = first = 0
    for place in [*np.flatnonzero(blank).tolist(), len(ends)]:
        if place > first:
            yield block[int(starts[first]) : int(ends[place - 1]) + 1], skipped, place - first
            skipped = 0
        skipped, first = skipped + (place < len(ends)), place + 1
    yield b"", skipped, 0
