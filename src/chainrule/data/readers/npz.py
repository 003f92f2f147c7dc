"""NumPy archives: `x_train, y_train, x_test, y_test`, or `X, y`, in upper or lower case."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.samples import Samples, check_numbers, check_ratio, check_size
from chainrule.errors import DataError

# what NumPy's reader of headers raises for files that fuzzing has found
DAMAGED = (ValueError, EOFError, OSError, TokenError, SyntaxError, TypeError, MemoryError,
           OverflowError, RecursionError)  # fmt: skip
NAMES = "x_train, y_train, x_test, y_test, or X, y"


def _check_header(member: IO[bytes], announced: int, where: str) -> None:
    """Refuse an array that its place in the archive cannot hold, before NumPy makes room for it."""
    version = np.lib.format.read_magic(member)
    if version not in {(1, 0), (2, 0)}:
        raise DataError(f"{where}: unknown version {version} of the .npy format")
    one = version == (1, 0)
    reader = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(member)
    if dtype.hasobject:
        raise DataError(f"{where}: holds Python objects, which are never loaded; save plain arrays")
    size = check_size(shape, dtype.itemsize, where)
    if member.tell() + size != announced:
        raise DataError(
            f"{where}: the header announces {shape} {dtype}, {size:,} bytes; "
            f"the archive has {announced - member.tell():,}"
        )


def read_arrays(path: str | Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive by name; nothing is ever unpickled.

    Raises `DataError` for a foreign or truncated archive, Python objects, and sizes that do not
    fit the content.
    """
    import zipfile
    import zlib

    path = Path(path)
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(info.file_size for info in members)  # they may lie over each other
            check_size((unpacked,), 1, str(path))
            check_ratio(unpacked, path.stat().st_size, str(path))
            for info in members:
                name = info.filename.removesuffix(".npy")
                if name == info.filename:
                    continue
                check_ratio(info.file_size, info.compress_size, f"{path}: {name}")
                with archive.open(info) as member:
                    _check_header(member, info.file_size, f"{path}: {name}")
                with archive.open(info) as member:
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except DataError:
        raise
    except (OSError, RuntimeError, NotImplementedError, MemoryError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, *DAMAGED) as error:
        raise DataError(f"{path}: expected an .npz archive; it is damaged ({error})") from error
    return arrays


def _pair(arrays: dict[str, NDArray[Any]], x: str, y: str | None, path: Path) -> Samples:
    by_lower = {name.lower(): name for name in arrays}
    wanted = [x] if y is None else [x, y]
    missing = [name for name in wanted if name not in by_lower]
    if missing:
        listed = ", ".join(arrays) or "nothing"
        raise DataError(f"{path}: expected the arrays {NAMES}; got {listed}")
    features = check_numbers(arrays[by_lower[x]], f"{path}: {by_lower[x]}")
    if features.ndim == 0:
        raise DataError(f"{path}: {by_lower[x]}: expected (samples, …), got a single number")
    if features.ndim == 1:  # one feature per sample
        features = features[:, None]
    if y is None:
        return Samples(features, None, str(path))
    name = by_lower[y]
    targets = arrays[name]
    if targets.dtype.kind not in "US":
        targets = check_numbers(targets, f"{path}: {name}")
    if targets.dtype.kind == "S":
        targets = np.char.decode(targets, "utf-8", "replace")
    if targets.ndim == 0 or len(targets) != len(features):
        raise DataError(
            f"{path}: {by_lower[x]} has {len(features):,} samples, "
            f"{name} has the shape {targets.shape}"
        )
    return Samples(features, targets, str(path))


def read(path: str | Path, labelled: bool = True) -> Samples:
    """Read an archive; `x_test, y_test` become the test set.

    Raises `DataError` when the names are others (it lists them) or the lengths differ.
    """
    path = Path(path)
    arrays = read_arrays(path)
    lower = {name.lower() for name in arrays}
    x, y = ("x_train", "y_train") if "x_train" in lower else ("x", "y")
    train = _pair(arrays, x, y if labelled else None, path)
    if not labelled or not {"x_test", "y_test"} & lower:
        return train
    test = _pair(arrays, "x_test", "y_test", path)
    return Samples(train.x, train.targets, str(path), test=test)
