"""Parquet and Arrow files: read by polars in a process of its own (see `chainrule.data.apart`)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainrule.data.apart import apart
from chainrule.data.samples import MAX_COLUMNS, check_ratio
from chainrule.errors import DataError
from chainrule.tables.polars import polars
from chainrule.tables.source import CHUNK_ROWS, Chunk, plain


class ArrowSource:
    """A Parquet or Arrow file, read piece by piece; rows are counted from 0."""

    def __init__(self, path: Path) -> None:
        polars()  # first of all, so that its absence is told
        self.path, self.where = path, str(path)
        try:
            self.size = path.stat().st_size
        except FileNotFoundError:
            raise DataError(f"{path}: no such file") from None
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
        if not self.size:
            raise DataError(f"{path}: the file is empty")
        (names,) = apart(f"{__name__}:columns", path)
        self.columns = tuple(json.loads(names))

    def chunks(self) -> Iterator[Chunk]:
        pl, first = polars(), 0
        for content in apart(f"{__name__}:frames", self.path):
            frame = pl.read_ipc(io.BytesIO(content))
            yield Chunk(frame, first)
            first += len(frame)


def columns(path: Path) -> Iterator[bytes]:
    """Yield the names of the columns as JSON."""
    yield json.dumps(_scan(path).collect_schema().names()).encode()


def frames(path: Path) -> Iterator[bytes]:
    """Yield the rows as Arrow files of text and Float64, some thousands at a time."""
    pl, first, unpacked, packed = polars(), 0, 0, path.stat().st_size
    try:
        for frame in _scan(path).collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
            unpacked += int(frame.estimated_size())
            check_ratio(unpacked, packed, f"{path}, from row {first} on")
            for start in range(0, len(frame), CHUNK_ROWS):
                part = frame[start : start + CHUNK_ROWS]
                target = io.BytesIO()
                plain(part).write_ipc(target)
                yield target.getvalue()
                first += len(part)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        problem = (str(error).splitlines() or [""])[0]
        raise DataError(f"{path}: damaged after row {first} ({problem})") from None


def _scan(path: Path) -> Any:
    """Return polars' plan to read the file, its header read."""
    pl = polars()
    read = pl.scan_parquet if path.suffix.lower() == ".parquet" else pl.scan_ipc
    try:
        scan = read(path)
        count = len(scan.collect_schema())
    except pl.exceptions.DuplicateError as error:
        found = re.search("'(.*)'", str(error))
        name = found[1] if found else "?"
        raise DataError(f'{path}: two columns are called "{name}"') from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        problem = (str(error).splitlines() or ["empty?"])[0]
        raise DataError(f"{path}: no readable {path.suffix[1:]} file ({problem})") from None
    if count > MAX_COLUMNS:
        raise DataError(f"{path}: {count:,} columns; the limit is {MAX_COLUMNS:,}")
    return scan
