"""What can only be read in order is unpacked once, block by block, into a file of rows."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from chainrule.errors import DataError
from chainrule.namespace import Array
from chainrule.stored import Mapped

ROWS_AT_ONCE = 1024  # single samples that are written together


def spool(blocks: Iterable[Any], folder: str | Path | None = None) -> tuple[Mapped, Mapped]:
    """Write blocks (x, y) of samples one after the other to disk; return both as stored arrays.

    A block is x (m, ...) with y (m,) or (m, k); only one is in memory at a time. The two files lie
    in `folder` (by default where temporary files do) and go with the arrays. Raises DataError for
    a block of another shape, and when there is none.

    >>> x, y = spool((np.full((2, 3), i), np.array([i, i])) for i in range(4))
    >>> x.shape, x[[7, 0]].tolist(), y[:].tolist()
    ((8, 3), [[3, 3, 3], [0, 0, 0]], [0, 0, 1, 1, 2, 2, 3, 3])
    """
    made: list[Path] = []
    try:
        with _file(folder, made) as x_file, _file(folder, made) as y_file:
            first, count = _write(blocks, x_file, y_file)
            return _mapped(x_file, first[0], count), _mapped(y_file, first[1], count)
    except BaseException:  # also of the blocks' own making, and Ctrl-C: nothing stays behind
        for path in made:
            _remove(path)
        raise


def _write(
    blocks: Iterable[Any], x_file: IO[bytes], y_file: IO[bytes]
) -> tuple[tuple[Array, Array], int]:
    """Write the blocks; return the first, whose shapes and types the others have, and the count."""
    like: tuple[Array, Array] | None = None
    count = 0
    for block in blocks:
        x, y = (np.asarray(part) for part in block)
        if like is None:
            like = x, y
        if len(x) != len(y):
            raise DataError(f"block at sample {count:,}: {len(x):,} samples, {len(y):,} targets")
        for part, first, file in ((x, like[0], x_file), (y, like[1], y_file)):
            if part.shape[1:] != first.shape[1:]:
                raise DataError(
                    f"block at sample {count:,}: expected samples of shape "
                    f"{first.shape[1:]} as in the first block, got {part.shape[1:]}"
                )
            if not np.can_cast(part.dtype, first.dtype, "same_kind"):
                raise DataError(
                    f"block at sample {count:,}: expected {first.dtype} as in the first "
                    f"block, got {part.dtype}"
                )
            file.write(np.ascontiguousarray(part, first.dtype).data)
        count += len(x)
    if like is None or not count:
        raise DataError("there are no samples to store")
    x_file.flush()
    y_file.flush()
    return like, count


def grouped(samples: Iterable[tuple[Any, Any]], rows: int = ROWS_AT_ONCE) -> Iterable[Any]:
    """Yield single samples (x, y) as blocks.

    >>> [len(x) for x, y in grouped(((i, 0) for i in range(5)), rows=2)]
    [2, 2, 1]
    """
    block: list[tuple[Any, Any]] = []
    for sample in samples:
        block.append(sample)
        if len(block) == rows:
            yield tuple(map(np.asarray, zip(*block, strict=True)))
            block = []
    if block:
        yield tuple(map(np.asarray, zip(*block, strict=True)))


def _file(folder: str | Path | None, made: list[Path]) -> IO[bytes]:
    """Open a file of rows and note its path in `made`."""
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    file = tempfile.NamedTemporaryFile(  # noqa: SIM115
        dir=folder, prefix="chainrule-", suffix=".rows", delete=False
    )
    made.append(Path(file.name))
    return file


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _mapped(file: IO[bytes], like: Array, count: int) -> Mapped:
    stored = Mapped(np.memmap(file.name, like.dtype, "r", shape=(count, *like.shape[1:])))
    weakref.finalize(stored, _remove, Path(file.name))
    return stored
