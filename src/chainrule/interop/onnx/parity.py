"""The same rows through onnxruntime and through chainrule, compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.model import Model
from chainrule.namespace import Array

TOLERANCE = 1e-4  # times the largest prediction, or 1; beyond it the file is not written
BLOCK = 4096


@dataclass(frozen=True)
class Parity:
    """How far onnxruntime and chainrule are apart, and how long one row takes each, in seconds."""

    rows: int
    worst: float
    other_answers: int
    seconds: float
    seconds_here: float

    def __str__(self) -> str:
        answers = "the same answer for all"
        if self.other_answers:
            answers = f"another answer for {self.other_answers:,}"
        return (
            f"{self.rows:,} rows beside onnxruntime: worst difference {self.worst:.2g}, {answers}\n"
            f"one row takes {self.seconds * 1e6:.1f} µs in onnxruntime, "
            f"{self.seconds_here * 1e6:.1f} µs in chainrule"
        )


def session(content: bytes | str) -> Any:
    """Return an onnxruntime session on one thread, or None where it is not installed."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def compare(model: Model, content: bytes, x: Array) -> Parity | None:
    """Return the comparison on x; None without onnxruntime. Raise ModelFileError if too far off."""
    runner = session(content)
    if runner is None or not len(x):
        return None
    X = np.asarray(x, np.float32)
    blocks = [runner.run(None, {"X": X[i : i + BLOCK]}) for i in range(0, len(X), BLOCK)]
    *labels, theirs = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    ours = model.predict_proba(x)
    size = max(1.0, float(np.abs(ours).max()))
    worst = float(np.abs(theirs - ours).max())
    if not worst <= TOLERANCE * size:
        row = int(np.abs(theirs - ours).max(axis=1).argmax())
        raise ModelFileError(
            f"onnxruntime gives other numbers than chainrule: row {row} differs by {worst:.3g}"
        )
    others = 0
    if labels:
        Z = model.outputs(x)
        flags = (model.trained_loss.threshold < Z).astype(np.int64)
        answers = Z.argmax(axis=1) if labels[0].shape != Z.shape else flags
        if Z.shape[1] == 1:
            answers = flags
        others = int((answers.reshape(len(x), -1) != labels[0].reshape(len(x), -1)).any(1).sum())
    one = X[:1]
    return Parity(
        len(x),
        worst,
        others,
        _seconds(lambda: runner.run(None, {"X": one})),
        _seconds(lambda: model.predict_proba(one)),
    )


def _seconds(call: Callable[[], Any], repeats: int = 30) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return median(times)
