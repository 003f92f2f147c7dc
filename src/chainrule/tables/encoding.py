"""From a table's rows to the arrays that a network trains on; large ones lie in a file."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.storage.spool import spool
from chainrule.errors import DataError
from chainrule.step import Data
from chainrule.stored import Mapped
from chainrule.tables.schema import Schema
from chainrule.tables.source import Source
from chainrule.tables.survey import TEST, TRAIN, VALIDATION

IN_MEMORY = 256 << 20  # bytes of encoded rows; more lie in a temporary file


def give_back(arrays: Iterable[Any]) -> None:
    """Hand the pages of mapped files back, which would count as the process's memory."""
    for array in arrays:
        if isinstance(array, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
            pages: Any = array
            pages._mmap.madvise(mmap.MADV_DONTNEED)  # a shared map: what was written stays written


def encode(
    source: Source, schema: Schema, parts: np.ndarray[Any, Any], folder: str
) -> dict[int, Data]:
    """Return the encoded rows of each part; large ones are mapped files in `folder`."""
    kind: Any = np.float32 if schema.target.classes is None else np.int32
    X: dict[int, Any] = {}
    y = {}
    large = len(parts) * schema.width * 4 > IN_MEMORY
    for part in (TRAIN, VALIDATION, TEST):
        count = int((parts == part).sum())
        shape = (count, schema.width)
        if large and count:
            X[part] = np.memmap(Path(folder, f"{part}.rows"), np.float32, "w+", shape=shape)
        else:
            X[part] = np.empty(shape, np.float32)
        y[part] = np.empty(count, kind)
    done, at = dict.fromkeys(X, 0), 0
    for rows in schema.read(source, targets=True):
        here = parts[at : at + len(rows.X)]
        at += len(rows.X)
        assert rows.y is not None
        for part in X:
            chosen = here == part
            end = done[part] + int(chosen.sum())
            X[part][done[part] : end] = rows.X[chosen]
            y[part][done[part] : end] = rows.y[chosen]
            done[part] = end
        give_back(X.values())
    X = {part: Mapped(a) if isinstance(a, np.memmap) else a for part, a in X.items()}
    flat = schema.target.classes is not None
    return {part: Data(X[part], y[part] if flat else y[part][:, None]) for part in X}


def encode_all(source: Source, schema: Schema, folder: str) -> Data:
    """Return all rows of another table, a test set of its own say, as `encode` does."""
    found = ((rows.X, rows.y) for rows in schema.read(source, targets=True))
    first = next(found, None)
    if first is None:
        raise DataError(f"{source.where}: a header and no rows")
    X, y = spool((block for part in ([first], found) for block in part), folder)
    targets = y[:] if schema.target.classes is not None else y[:][:, None].astype(np.float32)
    return Data(X[:] if len(X) * X.row_bytes <= IN_MEMORY else X, targets)
