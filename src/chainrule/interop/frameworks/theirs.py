"""Weights of another framework, whatever they come in: groups of arrays, one a layer.

Live objects are known by what they have (`state_dict`, `layers`), never by importing their
library. Files are read as arrays and nothing else: safetensors, HDF5 and NumPy archives hold no
code, and a PyTorch archive is opened with `weights_only=True`, which runs none.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.apart import apart
from chainrule.errors import (
    ConfigurationError,
    DataError,
    MissingExtraError,
    ModelFileError,
)
from chainrule.namespace import Array

HDF5 = (".h5", ".hdf5")
TORCH_FILES = (".pt", ".pth", ".bin")


@dataclass(frozen=True)
class Group:
    """The arrays of one of their layers, by name or by position; `kind` is Keras' word for it."""

    name: str
    arrays: dict[str, Array]
    kind: str = ""


@dataclass(frozen=True)
class Theirs:
    """All of it, and which framework laid it out."""

    target: str
    groups: list[Group]
    where: str


def theirs_of(source: Any) -> Theirs:
    """Return the weights of a module, a model, a mapping, a list of arrays, or a file."""
    if isinstance(source, str | Path):
        return from_file(Path(source))
    if hasattr(source, "state_dict"):
        return Theirs("torch", grouped(source.state_dict()), type(source).__name__)
    if hasattr(source, "layers") and hasattr(source, "get_weights"):
        return Theirs("keras", list(_keras_layers(source)), type(source).__name__)
    if isinstance(source, Mapping):
        return Theirs("torch", grouped(source), "the mapping")
    if isinstance(source, list | tuple):
        arrays = {str(i): as_numpy(a, f"array {i}") for i, a in enumerate(source)}
        return Theirs("keras", [Group("", arrays)], "the list")
    raise ConfigurationError(
        f"expected a PyTorch module or state_dict, a Keras model or its get_weights(), or a file "
        f"(.safetensors, .pt, .weights.h5), got {type(source).__name__}"
    )


def as_numpy(value: Any, name: str) -> Array:
    """Return a tensor of any framework as an array of numbers."""
    for method in ("detach", "cpu"):
        value = getattr(value, method, lambda value=value: value)()
    try:
        a = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        a = np.asarray(value.float() if hasattr(value, "float") else value)
    if a.dtype.kind not in "fiub":
        raise ModelFileError(f"{name} must be numbers, got {a.dtype}")
    return a


def grouped(arrays: Mapping[str, Any]) -> list[Group]:
    """Return arrays under dotted names as groups: what stands before the last dot is the layer.

    >>> [g.name for g in grouped({"fc.weight": np.ones(1), "fc.bias": np.ones(1)})]
    ['fc']
    """
    groups: dict[str, dict[str, Array]] = {}
    for name, value in arrays.items():
        layer, _, role = str(name).rpartition(".")
        if role != "num_batches_tracked":
            groups.setdefault(layer, {})[role] = as_numpy(value, str(name))
    return [Group(name, found) for name, found in groups.items()]


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key by which layer2 comes before layer10.

    >>> sorted(["fc10", "fc2"], key=natural)
    ['fc2', 'fc10']
    """
    words = re.split(r"(\d+)", name)
    return [(w.isdigit(), int(w) if w.isdigit() else 0, w) for w in words]


def _keras_layers(model: Any) -> Any:
    for layer in model.layers:
        if hasattr(layer, "layers") and hasattr(layer, "get_weights"):
            yield from _keras_layers(layer)
        elif layer.weights:
            arrays = {
                v.path.rpartition("/")[2]: np.asarray(a)
                for v, a in zip(layer.weights, layer.get_weights(), strict=True)
            }
            yield Group(layer.name, arrays, snake(type(layer).__name__))


def snake(name: str) -> str:
    """Return a class's name as Keras writes it in files.

    >>> snake("BatchNormalization"), snake("Conv2D"), snake("PReLU")
    ('batch_normalization', 'conv2d', 'p_re_lu')
    """
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def from_file(path: Path) -> Theirs:
    """Return the weights in a file; raise ModelFileError for one that is missing or damaged."""
    if not path.exists():
        raise ModelFileError(f"no weights file at {path}")
    if path.suffix in HDF5:
        return Theirs("keras", _hdf5(path), str(path))
    if path.suffix in TORCH_FILES:
        return Theirs("torch", grouped(_torch_archive(path)), str(path))
    if path.suffix != ".safetensors":
        raise ConfigurationError(f"{path}: expected .safetensors, .pt, .pth or .weights.h5")
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise ModelFileError(f"{path} is no safetensors file, or is damaged: {error}") from None
    # The format keeps no order, so 2 comes before 10 by number.
    return Theirs("torch", sorted(grouped(arrays), key=lambda g: natural(g.name)), str(path))


def _torch_archive(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError:
        raise MissingExtraError(f"{path}: reading it needs PyTorch: pip install torch") from None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # of many kinds, and advising to trust the file: pickle's, zip's, its own
        raise ModelFileError(
            f"{path} holds no plain weights, or is damaged: PyTorch refuses it (weights_only=True)"
        ) from None
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]
    if not isinstance(found, Mapping):
        raise ModelFileError(f"{path} holds no state_dict but a {type(found).__name__}")
    return found


def _hdf5(path: Path) -> list[Group]:
    """Return the layers of a Keras file; a process of its own reads it, and may die of it."""
    groups: list[Group] = []
    seconds = 0.5 + path.stat().st_size / 20e6  # damaged files can keep its reader busy for ever
    parts = apart("chainrule.interop.frameworks.hdf5:layers", path, seconds=seconds)
    try:
        next(parts)
        for head in parts:
            about = json.loads(head)
            arrays = {
                role: np.load(io.BytesIO(next(parts)), allow_pickle=False)
                for role in about["roles"]
            }
            groups.append(Group(about["name"], arrays, about["kind"]))
    except DataError as error:
        raise ModelFileError(str(error)) from None
    return groups
