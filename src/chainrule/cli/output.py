"""What the verbs print: results on stdout, remarks on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np


def say(message: str) -> None:
    """Print a remark; results are printed to stdout instead."""
    print(message, file=sys.stderr, flush=True)


def print_json(result: dict[str, Any]) -> None:
    """Print one JSON object on one line; numbers that are not finite become null."""
    print(json.dumps(plain(result), ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """Return arrays, NumPy numbers, tuples and paths as JSON knows them.

    >>> plain({"a": np.float32(0.5), "b": (np.int64(1), float("nan"))})
    {'a': 0.5, 'b': [1, None]}
    """
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def table(rows: Iterable[Sequence[Any]], right: Iterable[int] = ()) -> str:
    """Return rows as aligned columns, the columns in `right` flushed right; the first is the head.

    >>> print(table([("name", "samples"), ("xor", 4)], right=[1]))
    name  samples
    ────  ───────
    xor         4
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["─" * width for width in widths])
    flush = set(right)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in flush else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def percent(share: float) -> str:
    """Return a share in percent.

    >>> percent(0.97514)
    '97.51 %'
    """
    return f"{100 * share:.2f} %"


def scores(values: dict[str, float]) -> str:
    """Return the loss and, where there is one, the accuracy, in words.

    >>> scores({"loss": 0.25, "accuracy": 0.9})
    'accuracy 90.00 %, loss 0.2500'
    """
    value = values["loss"]
    loss = f"loss {value:.4f}" if value < 1000 else f"loss {value:.4g}"
    return f"accuracy {percent(values['accuracy'])}, {loss}" if "accuracy" in values else loss
