"""Read files into `Samples`: one module a format, and `read`, which picks one."""

from __future__ import annotations

from pathlib import Path

from chainrule.data.readers import csv, idx, images, npz
from chainrule.data.readers.files import opened
from chainrule.data.samples import Samples
from chainrule.errors import DataError

KINDS = (
    "IDX files (…-images-idx3-ubyte with …-labels-idx1-ubyte, or a folder of them; .gz too), "
    "tables (.csv, .tsv), .npz archives, folders of images with one sub-folder per class"
)
TABLES = (".csv", ".tsv", ".txt", ".data")


def _read_folder(
    path: Path, size: tuple[int, int] | None, colour: str | None, labelled: bool
) -> Samples:
    if labelled and idx.find(path):
        return idx.read_folder(path)
    if not labelled or images.class_folders(path):
        return images.read(path, size, colour, labelled)
    raise DataError(f"{path}: nothing to read in this folder; known kinds: {KINDS}")


def read(
    path: str | Path,
    *,
    target: str | None = None,
    labelled: bool = True,
    size: tuple[int, int] | None = None,
    colour: str | None = None,
) -> Samples:
    """Read a file or a folder, of the kind that its content and its name show.

    `target` names a table's target column; `size` and `colour` are for images. With
    `labelled=False`, all that is there is features (new rows to predict).

    Raises `DataError` for a kind it does not know (the message lists the known ones) and for
    everything the readers refuse.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, size, colour, labelled)
    with opened(path) as (stream, _):
        head = stream.read(4)
    if not head:
        raise DataError(f"{path}: the file is empty")
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending == ".npz" or (head == b"PK\x03\x04" and ending not in TABLES):
        return npz.read(path, labelled)
    if idx.looks_like_idx(head) or ending == ".idx" or "ubyte" in path.name:
        return idx.read(path, labelled)
    if ending in TABLES:
        return csv.read(path, target, labelled)
    if ending in images.ENDINGS:
        if labelled:
            raise DataError(
                f"{path}: a single image; give the folder that holds one folder a class"
            )
        return images.read(path, size, colour, labelled)
    raise DataError(f'{path}: unknown kind of file "{ending}"; known: {KINDS}')
