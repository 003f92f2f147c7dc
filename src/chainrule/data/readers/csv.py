"""Comma-, semicolon- or tab-separated tables, with a header or without (MNIST-style).

A table of nothing but plain numbers is parsed in blocks of rows; the first cell that is
anything else (a quote, a text label, a mistake) sends the table through the `csv` module,
row by row, so that a message can name the column and the row. Rows are counted as an editor
counts lines: a header is row 1.
"""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.readers.files import read_whole
from chainrule.data.samples import MAX_COLUMNS, Samples
from chainrule.errors import DataError

TARGET_NAMES = ("label", "target", "class", "y")
MISSING = {"", "?", "-", "na", "n/a", "nan", "null", "none"}
PIXEL_COLUMNS = 64  # from this many columns on, whole numbers 0..255 are taken for pixels
BLOCK_ROWS = 4096
SEPARATORS = ",;\t"
DIGITS = b"0123456789"


@dataclass(frozen=True)
class Layout:
    """Separator, column names, whether the first row is a header, and the target's column."""

    path: Path
    separator: str
    columns: tuple[str, ...]
    header: bool
    target: int | None

    def error(self, column: int, row: int, cell: str, expected: str = "a number") -> DataError:
        """Return the error for one cell."""
        hint = ""
        if not self.header:
            hint = " (the file has no header; columns are called 0, 1, …"
            hint += ", and the first one is the label unless a target is named)"
        return DataError(
            f'{self.path}: column "{self.columns[column]}", row {row}: '
            f'expected {expected}, got "{cell}"{hint}'
        )


def parse_number(cell: str) -> float | None:
    """Return the number a cell holds, None if it holds none.

    >>> parse_number(" 1e3 "), parse_number("1_000"), parse_number("n/a")
    (1000.0, None, None)
    """
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def parse_matrix(lines: list[bytes], width: int, separator: bytes = b",") -> NDArray[Any] | None:
    """Return lines of plain finite numbers as an array (rows, width); None if they are not that.

    uint8 where all values are whole numbers 0..255, float64 otherwise.

    >>> parse_matrix([b"7,0,255", b"1,2,3"], 3)
    array([[  7,   0, 255], [  1,   2,   3]], dtype=uint8)
    """
    blocks = []
    for start in range(0, len(lines), BLOCK_ROWS):
        block = lines[start : start + BLOCK_ROWS]
        if any(line.count(separator) != width - 1 for line in block):
            return None
        text = b",".join(block).replace(separator, b",")
        whole = not text.translate(None, DIGITS + b",")
        if not whole and text.translate(None, DIGITS + b",.+-eE"):
            return None  # np.fromstring would read a blank cell as −1
        if b",," in text or text[:1] == b"," or text[-1:] == b",":
            return None
        try:
            flat = np.fromstring(text, np.int64 if whole else np.float64, sep=",")
        except (ValueError, DeprecationWarning):
            return None
        if flat.size != len(block) * width or not np.isfinite(flat).all():
            return None
        if whole and flat.max() >= 2**53:  # whole numbers clamp there; floats do not
            return None
        blocks.append(_compact(flat).reshape(len(block), width))
    return np.concatenate(blocks) if blocks else None


def _compact(x: NDArray[Any]) -> NDArray[Any]:
    """Return x as uint8 if nothing is lost by it, else as float64."""
    if x.size and x.min() >= 0 and x.max() <= 255:
        small = x.astype(np.uint8)
        if (small == x).all():
            return small
    return x.astype(np.float64)


def _rows(content: bytes, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every row that is not blank."""
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"{path}, row {reader.line_num}: not a readable table ({error})") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected UTF-8 text; {error.object[error.start]:#x} is none "
            f"(after row {reader.line_num})"
        ) from error


def is_header(first: list[str], second: list[str] | None) -> bool:
    """Return whether the first row names columns.

    It does if no cell is a number, or if a text stands above a number.
    """
    texts = [parse_number(c) is None and c.strip().lower() not in MISSING for c in first]
    if all(texts):
        return True
    if second is None or len(second) != len(first):
        return any(texts)
    return any(t and parse_number(c) is not None for t, c in zip(texts, second, strict=True))


def _target_column(columns: tuple[str, ...], target: str | None, header: bool, path: Path) -> int:
    listed = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
    if target is not None:
        if target in columns:
            return columns.index(target)
        raise DataError(f'{path}: no column "{target}" for the target; columns: {listed}')
    if not header:
        return 0
    likely = [i for i, name in enumerate(columns) if name.lower() in TARGET_NAMES]
    if len(likely) == 1:
        return likely[0]
    why = "several columns could be the target." if likely else "which column is the target?"
    raise DataError(f"{path}: {why} Name it with target=; columns: {listed}")


def _layout(content: bytes, path: Path, target: str | None, labelled: bool) -> Layout:
    first_line = content[: 1 << 20].lstrip(b"\r\n").split(b"\n", 1)[0]
    separator = max(SEPARATORS, key=lambda mark: first_line.count(mark.encode()))
    rows = _rows(content, separator, path)
    first = next(rows, (0, [""]))[1]
    if len(first) > MAX_COLUMNS:
        raise DataError(f"{path}: {len(first):,} columns; the limit is {MAX_COLUMNS:,}")
    header = is_header(first, next(rows, (0, None))[1])
    if not header:
        columns = tuple(map(str, range(len(first))))
    else:
        columns = tuple(name.strip() for name in first)
        _check_names(columns, path)
    place = _target_column(columns, target, header, path) if labelled else None
    if labelled and len(columns) < 2:
        raise DataError(f"{path}: expected features and a target, got the single column {columns}")
    return Layout(path, separator, columns, header, place)


def _check_names(columns: tuple[str, ...], path: Path) -> None:
    seen: set[str] = set()
    for number, name in enumerate(columns, 1):
        if not name:
            raise DataError(
                f"{path}: column {number} has no name in the header (an index? leave it out)"
            )
        if name in seen:
            raise DataError(f'{path}: two columns are called "{name}"')
        seen.add(name)


def _careful(content: bytes, layout: Layout) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return (features, targets) read row by row; names the first cell that cannot be used."""
    width, place = len(layout.columns), layout.target
    numbers, targets, lines = array("d"), [], []
    for index, (row, cells) in enumerate(_rows(content, layout.separator, layout.path)):
        if index == 0 and layout.header:
            continue
        if len(cells) != width:
            raise DataError(f"{layout.path}, row {row}: expected {width} cells, got {len(cells)}")
        for column, cell in enumerate(cells):
            if column == place:
                targets.append(cell.strip())
                continue
            number = parse_number(cell)
            if number is None:
                raise layout.error(column, row, cell)
            if not math.isfinite(number):
                raise layout.error(column, row, cell, "a finite number")
            numbers.append(number)
        lines.append(row)
    features = np.array(numbers).reshape(len(lines), width - (place is not None))
    return features, None if place is None else _targets(targets, lines, layout, place)


def _targets(cells: list[str], lines: list[int], layout: Layout, place: int) -> NDArray[Any]:
    """Return the targets as numbers if all are, else as texts; a gap is never a class."""
    numbers = [parse_number(cell) for cell in cells]
    for row, cell, number in zip(lines, cells, numbers, strict=True):
        if cell.lower() in MISSING or (number is not None and not math.isfinite(number)):
            raise layout.error(place, row, cell, "a target")
    if any(number is None for number in numbers):
        return np.array(cells)
    return np.array(numbers, np.float64)


def read(path: str | Path, target: str | None = None, labelled: bool = True) -> Samples:
    """Read a table: numeric columns are features, one column is the target.

    With a header, `target` names the column (default: the one called label, target, class or
    y). Without one, columns are called "0", "1", … and the first is the label, as in MNIST's
    CSV files. With `labelled=False` every column is a feature. x is float64, or uint8 for 64
    or more columns of whole numbers 0..255 (pixels).

    Raises `DataError` for an empty or ragged table, columns of the same name, a target that is
    not there, a cell that is no finite number, and a gap in the targets.
    """
    path = Path(path)
    content = read_whole(path).removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise DataError(f"{path}: the file is empty")
    if b"\0" in content:
        raise DataError(f"{path}: expected a text table; it holds zero bytes (UTF-16, or binary?)")
    layout = _layout(content, path, target, labelled)
    lines = [line for line in content.splitlines() if line][layout.header :]
    matrix = parse_matrix(lines, len(layout.columns), layout.separator.encode())
    if matrix is None:
        x, targets = _careful(content, layout)
    elif layout.target is None:
        x, targets = matrix, None
    else:
        x = np.delete(matrix, layout.target, axis=1)
        targets = matrix[:, layout.target].astype(np.float64)
    if not len(x):
        raise DataError(f"{path}: a header and no rows")
    x = _compact(x) if x.shape[1] >= PIXEL_COLUMNS else x.astype(np.float64)
    columns = tuple(c for i, c in enumerate(layout.columns) if i != layout.target)
    mnist_style = not layout.header and target is None
    whole = targets is not None and targets.dtype.kind == "f" and bool((targets % 1 == 0).all())
    return Samples(x, targets, str(path), columns, labels=mnist_style and whole)
