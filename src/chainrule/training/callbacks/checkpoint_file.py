"""What a checkpoint's file must be to be taken: whole, and a place that a training can be at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.namespace import Array


def newest(
    files: list[Path],
) -> tuple[Path, dict[str, Any], dict[str, Array], dict[Path, str]]:
    """Return path, header and arrays of the newest checkpoint that is whole, and what is wrong.

    That is the newer files that are not, each with its problem. Raises ModelFileError when none is
    whole.
    """
    from chainrule.model_file import read

    problems: dict[Path, str] = {}
    for path in reversed(files):
        try:
            config, arrays = read(path)
            if config["checkpoint"]["checksum"] == checksum(config, arrays):
                return path, config, arrays, problems
            problems[path] = f"{path} is damaged: its content is not what was written"
        except ModelFileError as error:
            problems[path] = str(error)
        except (KeyError, TypeError):
            problems[path] = f"{path} is a model file, but no checkpoint"
    raise ModelFileError(f"no checkpoint can be read; the newest: {problems[files[-1]]}")


def checksum(config: Mapping[str, Any], arrays: Mapping[str, Any]) -> int:
    """Return a number that changes when any entry of any array, or of the header, does."""
    place = {name: v for name, v in config["checkpoint"].items() if name != "checksum"}
    plain = json.loads(json.dumps({**config, "checkpoint": place}))  # keys as a file has them
    total = crc32(json.dumps(plain, sort_keys=True).encode())
    for name in sorted(arrays):
        total = crc32(np.asarray(arrays[name], order="C").tobytes(), crc32(name.encode(), total))
    return total


def check_place(path: Path, config: dict[str, Any], epochs: int, samples: int) -> None:
    """Raise ModelFileError where the counts of a header cannot be those of one training."""
    place = config["checkpoint"]
    first, epoch, position = place["first"], place["epoch"], place["position"]
    whole = all(type(n) is int and n < 1 << 31 for n in (first, epoch, position, config["steps"]))
    if (
        not whole
        or config["steps"] < 0
        or not (0 <= first <= epoch == epochs and 0 <= position <= samples)
    ):
        raise ModelFileError(
            f"{path} has a damaged header: epoch {epoch!r} (the first {first!r}, {epochs} in the "
            f"history), sample {position!r} of {samples:,}, step {config['steps']!r}"
        )
    numbers = (place["loss_sum"], place["seconds"])
    counts = (place["hits"], place["factor"])
    if not all(isinstance(v, int | float) for v in numbers) or not all(
        v is None or isinstance(v, int | float) for v in counts
    ):
        raise ModelFileError(f"{path} has a damaged header: its sums are no numbers")
