"""The model file: one safetensors file, arrays under their dotted names and a JSON header.

The header says format version, library version, layers, loss, optimizer, input shape, classes
and history. There is no pickle in it and nothing that is executed.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule
from chainrule.description import from_config, to_config
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.layers.base import Layer
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.targets import Targets
from chainrule.training.history import History
from chainrule.tree import flatten, replace

if TYPE_CHECKING:
    from chainrule.model import Model

FORMAT = 1
KEY = "chainrule"


def header(model: Model) -> dict[str, Any]:
    """Return the JSON header of a model's file."""
    assert model.built is not None
    return {
        "format": FORMAT,
        "version": chainrule.__version__,
        "network": to_config(model.network),
        "loss": to_config(model.loss),
        "optimizer": to_config(model.optimizer),
        "input_shape": list(model.built.input_shape),
        "dtype": model.dtype,
        "seed": model.seed,
        "steps": int(model.state.step),
        "trainable": None if model.trainable is None else list(model.trainable),
        "classes": None if model.classes is None else list(model.classes),
        "targets": None if model.targets is None else model.targets.to_config(),
        "history": model.history.to_config(),
        "training": model.configuration,
    }


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`: to a temporary file beside it first, then renamed."""
    from safetensors.numpy import save as to_bytes

    arrays = {n: np.ascontiguousarray(p) for n, p in flatten(model.state.params).items()}
    content = to_bytes(arrays, metadata={KEY: json.dumps(header(model), ensure_ascii=False)})
    write_atomically(path, content)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that at every instant the old or the new content is there, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return header and arrays; raise ModelFileError for a file that is no chainrule model."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise ModelFileError(f"no model file at {path}") from None
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is no safetensors file, or is damaged: {error}") from None
    if KEY not in metadata:
        raise ModelFileError(
            f"{path} is a safetensors file, but not from chainrule: its header has no {KEY!r} entry"
        )
    try:
        config = json.loads(metadata[KEY])
        version = config["format"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} has a damaged header: {error}") from None
    if not isinstance(version, int) or version > FORMAT:
        raise ModelFileError(
            f"{path} has format {version}, written by chainrule {config.get('version')}; "
            f"this is {chainrule.__version__}, which reads formats up to {FORMAT}: update chainrule"
        )
    return config, arrays


def load(path: str | Path) -> Model:
    """Return the model that `Model.save` wrote.

    Raises ModelFileError for a missing, damaged or foreign file, naming the first parameter that
    differs from what the header's layers need.
    """
    from chainrule.model import Model

    path = Path(path)
    config, arrays = read(path)
    try:
        model = Model(
            from_config(config["network"], Layer),
            from_config(config["loss"], Loss),
            from_config(config["optimizer"], Optimizer),
            seed=config["seed"],
            input_shape=tuple(config["input_shape"]),
            dtype=config["dtype"],
            trainable=config["trainable"],
            classes=config.get("classes"),
        )
        if config["targets"] is not None:
            model.targets = Targets.from_config(config["targets"])
        model.history = History.from_config(config["history"])
        model.configuration = config["training"]
        steps = int(config["steps"])
    except ChainruleError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path} has a damaged header: {error!r}") from None
    expected = flatten(model.state.params)
    for name, p in expected.items():
        if name not in arrays:
            raise ModelFileError(f"{path} lacks the parameter {name} {p.shape}")
        if arrays[name].shape != p.shape or arrays[name].dtype.kind != "f":
            got = f"{arrays[name].dtype} {arrays[name].shape}"
            raise ModelFileError(f"{path}: {name} should be {p.dtype} {p.shape}, but is {got}")
        if not np.isfinite(arrays[name]).all():
            raise ModelFileError(f"{path}: {name} holds numbers that are not finite")
    extra = sorted(arrays.keys() - expected.keys())
    if extra:
        raise ModelFileError(f"{path} holds {extra[0]}, which its layers do not have")
    typed = {n: arrays[n].astype(p.dtype) for n, p in expected.items()}
    params = replace(model.state.params, typed)
    model.restore(model.state._replace(params=params, step=steps))
    return model
