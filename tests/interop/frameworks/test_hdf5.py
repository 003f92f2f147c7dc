"""A Keras file holds its own arrays; what lies in another file is never opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.frameworks.theirs import from_file

h5py = pytest.importorskip("h5py")


def external_link(group: Any, other: Path) -> None:
    group["0"] = h5py.ExternalLink(str(other), "/secret")


def external_storage(group: Any, other: Path) -> None:
    group.create_dataset("0", (4,), "uint8", external=[(str(other), 0, 4)])


def soft_link(group: Any, other: Path) -> None:
    group["0"] = h5py.SoftLink("/elsewhere")


def virtual(group: Any, other: Path) -> None:
    layout = h5py.VirtualLayout((4,), "float64")
    layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
    group.create_virtual_dataset("0", layout)


@pytest.mark.parametrize("placed", [external_link, external_storage, soft_link, virtual])
def test_arrays_elsewhere_are_refused(placed: Any, tmp_path: Path) -> None:
    other, path = tmp_path / "other.h5", tmp_path / "bad.weights.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(4)
    with h5py.File(path, "w") as file:
        placed(file.create_group("layers/dense/vars"), other)
    with pytest.raises(cr.ModelFileError, match=r"bad\.weights\.h5: layers/dense/vars/0: lies in"):
        from_file(path)


def test_what_is_no_array_of_numbers_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.array([b"text"])
    with pytest.raises(cr.ModelFileError, match="vars/0: expected numbers, got"):
        from_file(path)
    with h5py.File(path, "w") as file:
        file.create_group("layers/dense/vars/0")
    with pytest.raises(cr.ModelFileError, match="vars/0: expected an array, got a group"):
        from_file(path)
