"""Parquet and Arrow tables of numbers, read by pyarrow, in the process that `apart` starts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chainrule.data.samples import check_ratio
from chainrule.errors import DataError, MissingExtraError

PARQUET = (".parquet", ".pq")


def batches(path: Path, target: str) -> Iterator[bytes]:
    """Yield samples (float32) and targets of one batch of rows after the other, as two npy files.

    Raises DataError for a file that is no table, a column that does not hold numbers, and a target
    that is not there, each by name.
    """
    try:
        import pyarrow as pa
        from pyarrow import ipc, parquet
    except ImportError:
        raise MissingExtraError(
            'reading tables needs pyarrow: pip install "chainrule[arrow]"'
        ) from None
    try:
        if path.suffix in PARQUET:
            found = parquet.ParquetFile(path).iter_batches()
        else:
            file = ipc.open_file(pa.memory_map(str(path)))
            found = (file.get_batch(i) for i in range(file.num_record_batches))
        packed, unpacked, rows = path.stat().st_size, 0, 0
        for batch in found:
            batch.validate(full=True)
            unpacked += batch.nbytes
            check_ratio(unpacked, packed, f"{path}, from row {rows} on")
            rows += len(batch)
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
            if not columns:
                raise DataError(f'{path}: nothing to predict "{target}" from: the only column')
            stream = io.BytesIO()
            np.save(stream, np.column_stack(columns).astype(np.float32))
            np.save(stream, y)
            yield stream.getvalue()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable table ({error})") from None
