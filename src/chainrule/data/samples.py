"""What a reader returns: features and targets as they stand in the file."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

Array = NDArray[Any]

# Declared limits: beyond them a file is refused before memory is spent on it.
MAX_BYTES = 4 * 2**30
MAX_EMPTY = 1_000_000  # samples without a number
MAX_COLUMNS = 100_000
MAX_CLASSES = 10_000
MAX_PIXELS = 50_000_000
MAX_RATIO = 500  # bytes unpacked for each that is packed,
FREELY = 64 * 2**20  # for files that unpack to more bytes than these


@dataclass(frozen=True, eq=False)
class Samples:
    """Features and targets before anything is decided about them.

    x (n, …) numbers; targets (n,) or (n, k), numbers or texts, None when none were asked for;
    `labels` is true where the format itself says that targets are labels (IDX, folders of
    images, MNIST-style CSV); `test` holds the format's own test set.
    """

    x: Array
    targets: Array | None
    where: str
    columns: tuple[str, ...] | None = None
    labels: bool = False
    test: Samples | None = None


def check_size(shape: tuple[int, ...], itemsize: int, where: str) -> int:
    """Return the bytes an array of this shape takes; `DataError` beyond `MAX_BYTES`.

    Many samples without any number in them are refused too: a file can announce any count.

    >>> check_size((10, 28, 28), 1, "digits.idx")
    7840
    """
    if shape and shape[0] > MAX_EMPTY and not prod(shape):
        raise DataError(f"{where}: its header announces {shape}, samples of no size at all")
    size = prod(shape) * itemsize
    if size > MAX_BYTES:
        raise DataError(
            f"{where}: its header announces {shape}, {size:,} bytes; "
            f"the limit is {MAX_BYTES:,} bytes"
        )
    return size


def check_ratio(unpacked: int, packed: int, where: str) -> None:
    """Raise `DataError` where few bytes unpack to very many: more than MAX_RATIO for each.

    Up to FREELY bytes anything may be packed as well as it can.

    >>> check_ratio(60_000_000, 5_000, "zeros.npz")
    >>> check_ratio(600_000_000, 500_000, "bomb.npz: x")
    Traceback (most recent call last):
    chainrule.errors.DataError: bomb.npz: x: 500,000 bytes unpack to 600,000,000 or more, ...
    """
    if unpacked > FREELY and unpacked > MAX_RATIO * packed:
        raise DataError(
            f"{where}: {packed:,} bytes unpack to {unpacked:,} or more, over {MAX_RATIO} for each, "
            f"the limit"
        )


def check_numbers(x: Array, where: str) -> Array:
    """Return x with booleans as uint8; `DataError` unless all its values are finite numbers.

    >>> check_numbers(np.array([[1.0, np.nan]]), "a.npz: x")
    Traceback (most recent call last):
    chainrule.errors.DataError: a.npz: x[0, 1]: expected a finite number, got nan
    """
    if x.dtype == np.bool_:
        return x.astype(np.uint8)
    if x.dtype.kind not in "iuf":
        raise DataError(f"{where}: expected numbers, got values of type {x.dtype}")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        at = ", ".join(map(str, place))
        raise DataError(f"{where}[{at}]: expected a finite number, got {x[place]:g}")
    return x
