"""Arrays of a Keras weights file (HDF5), read by h5py in a process of its own.

A group called vars holds the arrays of a layer, under their numbers; the path before it says which.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.samples import check_ratio, check_size
from chainrule.errors import MissingExtraError, ModelFileError
from chainrule.interop.frameworks.theirs import natural


def layers(path: Path) -> Iterator[bytes]:
    """Yield nothing, then for each layer its name, kind and roles as JSON, and its arrays as npy.

    Raises ModelFileError for a damaged file, and for arrays that lie in another one.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError(
            f'{path}: reading HDF5 needs h5py: pip install "chainrule[h5]"'
        ) from None
    yield b""  # the library is there; from here on it must be quick
    try:
        with h5py.File(path, "r") as file:
            names: list[str] = []
            file.visit(names.append)
            for name in sorted(names, key=natural):
                parent, _, last = name.rpartition("/")
                item = file[name]
                if last != "vars" or not isinstance(item, h5py.Group) or len(item) == 0:
                    continue
                roles = sorted(item, key=natural)
                title = item.attrs.get("name", parent)
                title = title if isinstance(title, str) else parent
                kind = re.sub(r"_\d+$", "", parent.rpartition("/")[2])
                yield json.dumps({"name": title, "kind": kind, "roles": roles}).encode()
                for role in roles:
                    yield _array(item, role, f"{path}: {name}/{role}", h5py)
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        named = "" if str(path) in str(error) else f"{path} "
        raise ModelFileError(f"{named}is no HDF5 file, or is damaged: {error}") from None


def _array(group: Any, role: str, where: str, h5py: Any) -> bytes:
    """Return one array, as npy, that lies in this very file."""
    inside = isinstance(group.get(role, getlink=True), h5py.HardLink)
    found = group[role] if inside else None
    if found is not None and not isinstance(found, h5py.Dataset):
        raise ModelFileError(f"{where}: expected an array, got a group")
    if found is None or found.external or found.is_virtual:
        raise ModelFileError(f"{where}: lies in another file, which is never opened")
    if found.dtype.kind not in "fiub" or found.shape is None:
        raise ModelFileError(f"{where}: expected numbers, got {found.dtype}")
    size = check_size(found.shape, found.dtype.itemsize, where)
    check_ratio(size, found.id.get_storage_size(), where)
    stream = io.BytesIO()
    np.save(stream, np.asarray(found))
    return stream.getvalue()
