"""Open files larger than memory: npy and IDX as they lie, Parquet, Arrow and iterables unpacked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.readers import idx, images
from chainrule.data.readers.npz import DAMAGED
from chainrule.data.storage.spool import grouped, spool
from chainrule.errors import ConfigurationError, DataError, MissingExtraError
from chainrule.namespace import Array
from chainrule.stored import FromFunction, Mapped, Stored

PARQUET, ARROW = (".parquet", ".pq"), (".arrow", ".feather", ".ipc")


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
    """Yield (x, y) for one batch of rows after the other."""
    try:
        import pyarrow as pa
        from pyarrow import ipc, parquet
    except ImportError:
        raise MissingExtraError(
            'reading tables needs pyarrow: pip install "chainrule[arrow]"'
        ) from None
    try:
        if path.suffix in PARQUET:
            batches = parquet.ParquetFile(path).iter_batches()
        else:
            file = ipc.open_file(pa.memory_map(str(path)))
            batches = (file.get_batch(i) for i in range(file.num_record_batches))
        for batch in batches:
            names = batch.schema.names
            if target not in names:
                raise DataError(f'{path}: no column "{target}"; columns: {", ".join(names[:20])}')
            columns = [batch.column(i).to_numpy(zero_copy_only=False) for i in range(len(names))]
            place = names.index(target)
            y = columns.pop(place)
            for name, column in zip([n for n in names if n != target], columns, strict=True):
                if column.dtype.kind not in "fiub":
                    raise DataError(f'{path}: column "{name}" holds {column.dtype}, not numbers')
            if y.dtype.kind not in "fiub":
                raise DataError(f'{path}: the targets "{target}" must be numbers, got {y.dtype}')
            yield np.column_stack(columns).astype(np.float32), y
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable table ({error})") from None


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
