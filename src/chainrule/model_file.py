"""The model file: one safetensors file, arrays under their dotted names and a JSON header.

The header says format version, library version, layers, loss, optimizer, input shape, classes
and history. There is no pickle in it and nothing that is executed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
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
from chainrule.step import State, predicting
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
    state = model.state  # first, as it says so when the model is not built
    arrays = named(predicting(model.optimizer, state))
    write(path, header(model), arrays)


def write(path: Path, config: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write header and arrays, atomically."""
    from safetensors.numpy import save as to_bytes

    ordered = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    content = to_bytes(ordered, metadata={KEY: json.dumps(config, ensure_ascii=False)})
    write_atomically(path, content)


def named(state: State, optimizer: bool = False) -> dict[str, Any]:
    """Return the arrays of a state as a file names them: 0.W, running.1.mean, optimizer.0.W.m."""
    arrays = flatten(state.params)
    arrays |= flatten({"running": dict(state.running)})
    return arrays | flatten({"optimizer": state.optimizer}) if optimizer else arrays


def filled(state: State, arrays: Mapping[str, Array], path: Path, optimizer: bool = False) -> State:
    """Return the state with every array from a file, in the types that it has.

    Raises ModelFileError naming the first that is missing, too many, of another shape or kind, or
    not finite.
    """
    expected, taken = named(state, optimizer), {}
    for name, p in expected.items():
        own = np.asarray(p)
        if name not in arrays:
            raise ModelFileError(f"{path} lacks the parameter {name} {own.shape}")
        got = arrays[name]
        if got.shape != own.shape or got.dtype.kind != own.dtype.kind:
            raise ModelFileError(
                f"{path}: {name} should be {own.dtype} {own.shape}, but is {got.dtype} {got.shape}"
            )
        if not np.isfinite(got).all():
            raise ModelFileError(f"{path}: {name} holds numbers that are not finite")
        typed = got.astype(own.dtype)
        taken[name] = typed if isinstance(p, np.ndarray | np.generic) else type(p)(typed)
    extra = sorted(arrays.keys() - expected.keys())
    if extra:
        raise ModelFileError(f"{path} holds {extra[0]}, which its layers do not have")
    return state._replace(
        params=replace(state.params, taken),
        running=replace(dict(state.running), taken, "running."),
        optimizer=replace(state.optimizer, taken, "optimizer."),
    )


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
    if "checkpoint" in config:  # then there is more in it than a model
        own = named(model.state)
        arrays = {name: array for name, array in arrays.items() if name in own}
    state = filled(model.state, arrays, path)
    slots = model.optimizer.exchanged(state.optimizer, flatten(state.params))
    model.restore(state._replace(optimizer=slots, step=steps))
    return model
