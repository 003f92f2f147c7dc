"""IDX: the format of MNIST. Two zero bytes, a type, the rank, the sizes, then the values.

    magic  = 00 00 type rank        type: 08 uint8, 09 int8, 0B int16, 0C int32, 0D float32, 0E float64
    sizes  = rank big-endian uint32
    values = big-endian, the last axis fastest

Source: "The MNIST database of handwritten digits", Y. LeCun, C. Cortes, C. J. C. Burges.
"""  # noqa: E501 (one row of a table)

from __future__ import annotations

import re
import struct
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.readers.files import opened, read_up_to
from chainrule.data.samples import Samples, check_numbers, check_size
from chainrule.errors import DataError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {np.dtype(kind).newbyteorder("=").str[1:]: code for code, kind in TYPES.items()}
MAX_RANK = 8

# train-images-idx3-ubyte, train-images.idx3-ubyte, emnist-letters-train-images-idx3-ubyte.gz, …
NAME = re.compile(r"^(?P<set>.*?)(?P<part>images|labels)[-.]idx\d-[a-z]+(\.gz)?$")
SETS = {"train": ("train",), "test": ("t10k", "test")}


def looks_like_idx(head: bytes) -> bool:
    """Return whether a file that begins with `head` is IDX.

    >>> looks_like_idx(bytes([0, 0, 8, 3]))
    True
    """
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in TYPES and 1 <= head[3] <= MAX_RANK


def _header(stream: IO[bytes], path: Path) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    head = stream.read(4)
    if not head:
        raise DataError(f"{path}: the file is empty")
    if not looks_like_idx(head):
        raise DataError(
            f"{path}: expected an IDX file, beginning with 00 00, a type (08 to 0e) and a rank "
            f"(1 to {MAX_RANK}); got {head.hex(' ')}"
        )
    rank = head[3]
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise DataError(f"{path}: truncated: the header announces {rank} sizes and ends early")
    return np.dtype(TYPES[head[2]]), struct.unpack(f">{rank}I", sizes), 4 + 4 * rank


def read_array(path: str | Path) -> NDArray[Any]:
    """Return the array in an IDX file (`.gz` too), in the machine's byte order.

    Raises `DataError` for a wrong magic number, a truncated file, sizes that do not fit the
    length of the file, and a gzip file that holds more than its header says.
    """
    path = Path(path)
    with opened(path) as (stream, packed):
        dtype, shape, start = _header(stream, path)
        size = check_size(shape, dtype.itemsize, str(path))
        if not packed and (actual := path.stat().st_size) != start + size:
            raise DataError(
                f"{path}: the header announces {shape} {dtype.newbyteorder('=')}, "
                f"{start + size:,} bytes in all; the file has {actual:,}"
            )
        content = read_up_to(stream, size)
        if len(content) < size:
            raise DataError(f"{path}: truncated: expected {size:,} bytes, got {len(content):,}")
        if stream.read(1):
            raise DataError(f"{path}: holds more than the {size:,} bytes its header announces")
    array = np.frombuffer(content, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def mapped(path: str | Path) -> np.memmap[Any, Any]:
    """Return the array of an IDX file that is not gzipped, memory-mapped: nothing is read.

    Raises `DataError` as `read_array` does.
    """
    path = Path(path)
    with opened(path) as (stream, packed):
        if packed:
            raise DataError(f"{path}: a gzipped file cannot be read row by row; unpack it first")
        dtype, shape, start = _header(stream, path)
    if (actual := path.stat().st_size) != start + prod(shape) * dtype.itemsize:
        raise DataError(
            f"{path}: the header announces {shape} {dtype}; the file has {actual:,} bytes"
        )
    return np.memmap(path, dtype, "r", start, shape)


def to_bytes(array: NDArray[Any]) -> bytes:
    """Return `array` as the bytes of an IDX file; the inverse of `read_array`.

    Raises `DataError` for a type that IDX does not have, and for rank 0 or above 8.

    >>> to_bytes(np.array([7, 8], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 08'
    """
    code = CODES.get(array.dtype.str[1:])
    if code is None or not 1 <= array.ndim <= MAX_RANK:
        raise DataError(f"IDX cannot hold an array of type {array.dtype} and rank {array.ndim}")
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(TYPES[code]).tobytes()


def find(folder: str | Path) -> dict[str, dict[str, Path]]:
    """Return {"train": {"images": path, "labels": path}, "test": …} of the folder's IDX files.

    A file that is there both plain and gzipped is taken plain.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(Path(folder).iterdir(), reverse=True):
        name = NAME.match(path.name)
        if name and path.is_file():
            words = re.split(r"[-_.]", name["set"])
            for kind, spellings in SETS.items():
                if any(word in spellings for word in words):
                    found.setdefault(kind, {})[name["part"]] = path
    return found


def _samples(images: Path, labels: Path) -> Samples:
    x, targets = read_array(images), read_array(labels)
    if targets.ndim != 1:
        raise DataError(f"{labels}: expected labels of shape (n,), got {targets.shape}")
    if len(x) != len(targets):
        raise DataError(f"{images} has {len(x):,} samples, {labels} has {len(targets):,} labels")
    x = check_numbers(x, str(images))
    return Samples(x, check_numbers(targets, str(labels)), str(images), labels=True)


def read_folder(folder: str | Path) -> Samples:
    """Read a folder of two or four IDX files, named as MNIST's are.

    Raises `DataError` when images or labels are missing or their numbers differ.
    """
    found = find(folder)
    sets = {}
    for kind, parts in found.items():
        missing = {"images", "labels"} - parts.keys()
        if missing:
            present = next(iter(parts.values())).name
            raise DataError(f"{folder}: has {present} but no IDX file of {kind} {missing.pop()}")
        sets[kind] = _samples(parts["images"], parts["labels"])
    if "train" not in sets:
        raise DataError(f"{folder}: expected train-images-idx3-ubyte and train-labels-idx1-ubyte")
    train = sets["train"]
    return Samples(train.x, train.targets, str(folder), labels=True, test=sets.get("test"))


def _labels_beside(images: Path) -> Path:
    """Return where the labels of an images file lie, in any of the spellings."""
    swapped = images.name.replace("images", "labels").removesuffix(".gz")
    name = re.sub(r"([-.])idx\d", r"\1idx1", swapped)
    spellings = [name + end for end in ("", ".gz")]
    for path in (images.with_name(spelling) for spelling in spellings):
        if path != images and path.is_file():
            return path
    raise DataError(f"{images}: its labels were looked for at {images.with_name(name)} (or .gz)")


def read(path: str | Path, labelled: bool = True) -> Samples:
    """Read one IDX file of images, and the labels that lie beside it unless `labelled` is false."""
    path = Path(path)
    if not labelled:
        return Samples(check_numbers(read_array(path), str(path)), None, str(path))
    if "labels" in path.name:
        raise DataError(f"{path}: these are labels; give the file of the images")
    if "images" not in path.name:
        raise DataError(
            f"{path}: the labels are looked for beside a file that is called …images…; "
            "rename the file, or give the folder"
        )
    return _samples(path, _labels_beside(path))
