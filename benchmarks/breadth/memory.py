"""How the peak memory of a training grows with the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.breadth.networks import NETWORKS
from benchmarks.peers import PEERS
from benchmarks.rounds import Remote, Say, WorkerError
from benchmarks.tables import Table

SIZES = (32, 64, 128, 256, 512, 1024)
# PyTorch's faster layout on every machine tried, so that no second training is in its memory.
SETTINGS = {"torch": "channels_last", "torch-compile": "channels_last"}


class Line(NamedTuple):
    """Bytes = start + slope · batch size; `off` is the worst distance, by the growth in all."""

    start: float
    slope: float
    off: float


def line(sizes: Sequence[int], peaks: Sequence[float]) -> Line:
    """Return the line of least squares through the peaks.

    >>> line([1, 2, 3], [12.0, 14.0, 16.0])
    Line(start=10.0, slope=2.0, off=0.0)
    """
    slope, start = (round(float(c), 6) for c in np.polyfit(sizes, peaks, 1))
    away = max(abs(start + slope * n - p) for n, p in zip(sizes, peaks, strict=True))
    growth = slope * (sizes[-1] - sizes[0])
    return Line(start, slope, round(away / growth, 6) if growth else 0.0)


def measure(names: Sequence[str], quick: bool, say: Say) -> dict[str, Any]:
    """Return each library's peak while training the CNN, in a fresh process for each batch size.

    The peak is reset after the first epoch, so that compiling is not in it, and an epoch follows.
    The samples are as many for each batch size.
    """
    sizes = SIZES[:3] if quick else SIZES
    done: dict[str, Any] = {"sizes": list(sizes), "bytes": {}, "failed": {}}
    for name in names:
        peaks = []
        try:
            for size in sizes:
                remote = Remote(PEERS[name])
                try:
                    work = replace(NETWORKS["cnn"], batch_size=size, samples=2 * max(sizes))
                    setting = SETTINGS.get(name, "")
                    remote.ask("prepare", workload=work.to_json(), setting=setting)
                    peaks.append(remote.ask("peak", epochs=1)["bytes"])
                finally:
                    remote.close()
                say(f"  {name}, batch {size}: {peaks[-1] / 1e6:.0f} MB")
            done["bytes"][name] = peaks
        except WorkerError as error:
            done["failed"][name] = str(error)
            say(f"  {name} failed: {error}")
    return done


def table(part: dict[str, Any]) -> Table:
    """Return the peaks by batch size, and the line through each library's."""
    sizes, cells = part["sizes"], []
    for name, peaks in part["bytes"].items():
        found = line(sizes, peaks)
        cells.append(
            [
                PEERS[name].title,
                *(f"{p / 1e6:,.0f}" for p in peaks),
                f"{found.slope / 1e3:,.0f} kB",
                f"{found.off:.1%}",
            ]
        )
    columns = ["library", *(f"batch {n}" for n in sizes), "for each sample more", "off the line"]
    note = "; ".join(f"{n}: {why}" for n, why in part["failed"].items())
    return Table("Peak memory in MB while the CNN trains, by batch size", columns, cells, note)
