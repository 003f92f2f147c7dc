"""The model file: one safetensors file, arrays under their dotted names and a JSON header.

The header says format version, library version, layers, loss, optimizer, input shape, classes
and history. There is no pickle in it and nothing that is executed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule
from chainrule.description import from_config, to_config
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.step import State, predicting
from chainrule.targets import Targets
from chainrule.training.history import History
from chainrule.tree import flatten, replace

if TYPE_CHECKING:
    from chainrule.model import Model

FORMAT = 1
KEY = "chainrule"

# Declared limits: beyond them a file is refused before memory is spent on it.
MAX_BYTES = 16 * 2**30
MAX_HEADER = 64 * 2**20
MAX_DEPTH = 64


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
        "shards": model.shards,
        "steps": int(model.state.step),
        "trainable": None if model.trainable is None else list(model.trainable),
        "classes": None if model.classes is None else list(model.classes),
        "targets": None if model.targets is None else model.targets.to_config(),
        "table": None if model.table is None else model.table.to_config(),
        "history": model.history.to_config(),
        "training": model.configuration,
        **({"receipt": model.receipt} if model.receipt else {}),
    }


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`: to a temporary file beside it first, then renamed."""
    state = model.state  # first, as it says so when the model is not built
    arrays = named(predicting(model.optimizer, state))
    write(path, header(model), arrays)


def write(path: Path, config: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write header and arrays, atomically."""
    from safetensors.numpy import save as to_bytes

    from chainrule.storage import write_atomically

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
        got = _fitting(arrays, name, own.shape, own.dtype, path)
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


def read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return header and arrays; raise ModelFileError for a file that is no chainrule model.

    The file is read once, whole, so that nobody can change it between the check and the use.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = _content(path)
    try:
        arrays = from_bytes(content)
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size]).get("__metadata__") or {}
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is no safetensors file, or is damaged: {error}") from None
    if KEY not in metadata:
        raise ModelFileError(
            f"{path} is a safetensors file, but not from chainrule: its header has no {KEY!r} entry"
        )
    try:
        config = json.loads(metadata[KEY])
        version = config["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path} has a damaged header: {error}") from None
    if depth(config) > MAX_DEPTH:
        raise ModelFileError(f"{path} has a damaged header: nested more than {MAX_DEPTH} deep")
    if not isinstance(version, int) or version > FORMAT:
        raise ModelFileError(
            f"{path} has format {version}, written by chainrule {config.get('version')}; "
            f"this is {chainrule.__version__}, which reads formats up to {FORMAT}: update chainrule"
        )
    return config, arrays


def _content(path: Path) -> bytes:
    """Return the bytes of a file, within the limits and with a header that can be one."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise ModelFileError(f"{path} has {size:,} bytes; the limit is {MAX_BYTES:,}")
            head = file.read(8)
            header = int.from_bytes(head, "little")
            if len(head) < 8 or header > min(MAX_HEADER, size - 8):
                raise ModelFileError(
                    f"{path} is no safetensors file, or is damaged: it announces a header of "
                    f"{header:,} bytes; the file has {size:,}, the limit is {MAX_HEADER:,}"
                )
            return head + file.read(size - 8)
    except FileNotFoundError:
        raise ModelFileError(f"no model file at {path}") from None
    except OSError as error:
        raise ModelFileError(f"{path} is no safetensors file, or is damaged: {error}") from None


def depth(value: Any) -> int:
    """Return how deep lists and dicts are nested, without recursion.

    >>> depth({"a": [1, {"b": 2}]}), depth(3)
    (3, 0)
    """
    deepest, level = 0, [value]
    while level := [v for v in level if isinstance(v, dict | list)]:
        deepest += 1
        level = [v for c in level for v in (c.values() if isinstance(c, dict) else c)]
    return deepest


def _fitting(
    arrays: Mapping[str, Array], name: str, shape: Shape, dtype: np.dtype[Any], path: Path
) -> Array:
    """Return the array of this name; raise ModelFileError unless it has this shape and kind."""
    if name not in arrays:
        raise ModelFileError(f"{path} lacks the parameter {name} {shape}")
    got = arrays[name]
    if got.shape != shape or got.dtype.kind != dtype.kind:
        raise ModelFileError(
            f"{path}: {name} should be {dtype} {shape}, but is {got.dtype} {got.shape}"
        )
    return got


def _check_shapes(model: Model, shape: Shape, arrays: Mapping[str, Array], path: Path) -> None:
    """Compare the shapes that the layers need with those in the file; no array is made for it."""
    network = Network(model.trained_layer, shape)
    specs = flatten(network.specs) | flatten({"running": dict(model.trained_layer.running(shape))})
    for name, spec in specs.items():
        _fitting(arrays, name, spec.shape, np.dtype(model.dtype), path)


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
            seed=index(config["seed"]),
            dtype=config["dtype"],
            trainable=config["trainable"],
            classes=config.get("classes"),
        )
        shape = tuple(config["input_shape"])
        _check_shapes(model, shape, arrays, path)  # before memory is spent on what it says
        model.build(shape)
        if config["targets"] is not None:
            model.targets = Targets.from_config(config["targets"])
        if config.get("table") is not None:
            from chainrule.tables.schema import Schema  # only for a model of a table

            model.table = Schema.from_config(config["table"])
        model.history = History.from_config(config["history"])
        model.configuration = dict(config["training"])
        model.receipt = dict(config.get("receipt") or {})
        model.shards = int(config.get("shards", 1))
        steps = index(config["steps"])
        if not 0 <= steps < 1 << 31:  # the engines count in 32 bits
            raise ModelFileError(f"{path} has a damaged header: {steps} steps")
    except ChainruleError as error:
        if str(path) in str(error):
            raise
        raise ModelFileError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, IndexError) as error:
        raise ModelFileError(f"{path} has a damaged header: {error!r}") from None
    if "checkpoint" in config:  # then there is more in it than a model
        own = named(model.state)
        arrays = {name: array for name, array in arrays.items() if name in own}
    state = filled(model.state, arrays, path)
    slots = model.optimizer.exchanged(state.optimizer, flatten(state.params))
    model.restore(state._replace(optimizer=slots, step=steps))
    return model
