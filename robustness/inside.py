"""Changes within a file's frame: lengths and checksums stay right, so the reader goes on."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from copy import deepcopy
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load, save

from chainrule.model_file import KEY
from chainrule.training.callbacks.checkpoint_file import checksum
from robustness.mutations import damaged

EDGES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 1e308, -1e-308, 10**30, 2**31, 2**63, 0.5, float("nan"), float("inf"),
    "", "x", "x" * 500, "../../x", "numpy", "os:system", "Dense", [], {}, [[]], [1, 2, 3], [0, 0],
    [-1], {"type": "Dense"}, {"type": "Sequential", "layers": []}, {"type": 3}, [[[[[[[[9]]]]]]]],
)  # fmt: skip


def header(content: bytes, draw: random.Random) -> bytes:
    """Change some values of the JSON header of a model file or a checkpoint."""
    try:
        arrays = load(content)
        metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        config = json.loads(metadata["__metadata__"][KEY])
    except (SafetensorError, ValueError, KeyError, TypeError):  # it was found, and is kept so
        return damaged(content, [content], draw)
    for _ in range(draw.choice((1, 1, 2, 4))):
        _change(config, draw)
    if isinstance(config.get("checkpoint"), dict):
        config["checkpoint"]["checksum"] = checksum(config, arrays)
    if draw.random() < 0.2 and arrays:
        name = draw.choice(sorted(arrays))
        array = arrays.pop(name)
        kind = draw.randrange(4)
        if kind == 0:
            arrays["other" + name] = array
        elif kind == 1:
            arrays[name] = array.astype(draw.choice(["float16", "float64", "int32", "uint8"]))
        elif kind == 2:
            arrays[name] = array.reshape(-1)
    return bytes(save(arrays, {KEY: json.dumps(config)}))


def _change(value: Any, draw: random.Random) -> None:
    """Give one entry of a tree of JSON, at any depth, another value, or take it away."""
    while True:
        names = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not names:
            return
        name = draw.choice(names)
        inner = value[name]
        if isinstance(inner, dict | list) and inner and draw.random() < 0.8:
            value = inner
            continue
        kind = draw.randrange(6)
        if kind == 0:
            del value[name]
        elif kind == 1 and isinstance(value, dict):
            value[draw.choice(["type", "x", "units", "layers"])] = inner
        elif kind == 2:
            value[name] = [inner] * draw.choice((1, 2, 70))
        elif kind == 3 and isinstance(inner, int | float):
            value[name] = draw.choice((-inner, inner + 1, inner * 1000, str(inner), float(inner)))
        else:
            value[name] = deepcopy(draw.choice(EDGES))
        return


def packed(content: bytes, draw: random.Random) -> bytes:
    """Change what a gzip file holds; damage any other file as it is."""
    if content[:2] != b"\x1f\x8b":
        return damaged(content, [content], draw)
    try:
        return gzip.compress(damaged(gzip.decompress(content), [content], draw), 1, mtime=0)
    except (OSError, EOFError, ValueError):
        return damaged(content, [content], draw)


def members(content: bytes, draw: random.Random) -> bytes:
    """Change the members of a zip archive, and sometimes their names."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # it was found, and is kept so
        return damaged(content, [content], draw)
    good = list(parts.values())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", draw.choice((zipfile.ZIP_STORED, 8))) as archive:
        for name, part in parts.items():
            if draw.random() < 0.05:
                name = draw.choice(("../../x.npy", "/etc/x.npy", "x.npy", "x_train.npy", "y.npy"))
            archive.writestr(name, damaged(part, good, draw) if draw.random() < 0.6 else part)
    return target.getvalue()
