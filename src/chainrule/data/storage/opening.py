"""Open files larger than memory: npy and IDX as they lie, Parquet, Arrow and iterables unpacked."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.apart import apart
from chainrule.data.readers import idx, images
from chainrule.data.readers.npz import DAMAGED
from chainrule.data.storage.arrow import PARQUET
from chainrule.data.storage.spool import grouped, spool
from chainrule.errors import ConfigurationError, DataError
from chainrule.namespace import Array
from chainrule.stored import FromFunction, Mapped, Stored

ARROW = (".arrow", ".feather", ".ipc")


def open_stored(
    source: Any,
    labels: str | Path | None = None,
    *,
    target: str | None = None,
    size: tuple[int, int] | None = None,
    colour: str | None = None,
    folder: str | Path | None = None,
) -> tuple[Stored, Any]:
    """Return (x, y) for `fit`, with x left where it is; y too, unless it is small.

    `source` is one of
    - a .npy or IDX file with the samples, and `labels` such a file with the targets;
    - a Parquet (.parquet) or Arrow (.arrow) table of numbers with the column `target`, or any
      iterable of single samples (x, y): unpacked once, block by block, into a temporary file
      in `folder`;
    - a folder of images, one sub-folder a class, decoded when they are read; y are the names.
    Raises DataError for what cannot be read, ConfigurationError without `labels` or `target`.

    >>> x, y = open_stored((([i, i], i % 2) for i in range(5)))
    >>> x[[4, 1]].tolist(), y[:].tolist()
    ([[4, 4], [1, 1]], [0, 1, 0, 1, 0])
    """
    if not isinstance(source, str | Path):
        if not isinstance(source, Iterable):
            raise ConfigurationError(f"expected a path or an iterable of samples, got {source!r}")
        return spool(grouped(source), folder)
    path = Path(source).expanduser()
    if path.is_dir():
        return _images(path, size, colour)
    if path.suffix in (*PARQUET, *ARROW):
        if target is None:
            raise ConfigurationError(f"{path}: name the column of the targets with target=")
        return spool(_blocks(path, target), folder)
    if labels is None:
        raise ConfigurationError(f"{path}: give the file of the targets as the second argument")
    x, y = _mapped(path), _mapped(Path(labels).expanduser())
    if len(x) != len(y):
        raise DataError(f"{path} has {len(x):,} samples, {labels} has {len(y):,} targets")
    return x, y


def _mapped(path: Path) -> Mapped:
    try:
        npy = path.suffix == ".npy"
        array = np.load(path, mmap_mode="r", allow_pickle=False) if npy else idx.mapped(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(f"{path}: not a readable .npy file ({error})") from None
    if not array.size:
        raise DataError(f"{path}: holds {array.shape}, no number at all")
    if not array.ndim or array.dtype.kind not in "biufUS":
        raise DataError(f"{path}: expected rows of numbers, got {array.shape} {array.dtype}")
    return Mapped(array)


def _blocks(path: Path, target: str) -> Iterator[tuple[Array, Array]]:
    """Yield (x, y) for one batch of rows after the other, read in a process of its own."""
    empty = True
    for content in apart("chainrule.data.storage.arrow:batches", path, target):
        stream = io.BytesIO(content)
        x, y = (np.load(stream, allow_pickle=False) for _ in range(2))
        empty = empty and not len(x)
        yield x, y
    if empty:
        raise DataError(f"{path}: a table without rows")


def _images(
    path: Path, size: tuple[int, int] | None, colour: str | None
) -> tuple[FromFunction, Array]:
    files = [(p, sub.name) for sub in images.class_folders(path) for p in images.images_in(sub)]
    if not files:
        raise DataError(f"{path}: expected one folder of images for each class")
    paths = [p for p, _ in files]
    first = images.read_files(paths[:1], size, colour)
    like, tone = first.shape[1:], "rgb" if first.ndim == 4 else "grey"

    def read(rows: Array) -> Array:
        return images.read_files([paths[i] for i in rows], like[:2] if size else None, tone)

    return FromFunction(read, (len(paths), *like), np.uint8), np.array([name for _, name in files])
