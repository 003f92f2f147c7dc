"""From rounds to figures: medians, paired ratios and their spread, the share of the limit."""

from __future__ import annotations

from statistics import median
from typing import Any, NamedTuple

from benchmarks.peers import OURS, PEERS

Results = dict[str, Any]
SLOW = 1.5  # a chunk is slow when it takes so many times the median


class Figure(NamedTuple):
    """A median with the least and the most."""

    median: float
    low: float
    high: float


class Row(NamedTuple):
    """One library on one workload. `ratio` is its time by chainrule's, round by round.

    `limit` is the share of the machine's own sgemm speed.
    """

    name: str
    title: str
    counted: bool
    seconds: Figure
    ratio: Figure
    limit: float | None
    note: str


def figure(values: list[float]) -> Figure:
    """Return the median, the least and the most.

    >>> figure([3.0, 1.0, 2.0])
    Figure(median=2.0, low=1.0, high=3.0)
    """
    return Figure(median(values), min(values), max(values))


def base_name(part: Results, wanted: str = OURS[0]) -> str:
    """Return what times are divided by: `wanted`, or else the first of ours that was measured."""
    measured = {n for r in part["rounds"] for n in r}
    return next((n for n in (wanted, *OURS) if n in measured), wanted)


def rows(part: Results, base: str = OURS[0]) -> list[Row]:
    """Return a row for each library, ours first, the others by their time."""
    rounds = part["rounds"]
    names = {n for r in rounds for n in r if n != "sgemm"}
    base = base_name(part, base)
    made = []
    for name in names:
        both = [r for r in rounds if name in r and base in r]
        if not both:
            continue
        seconds = figure([r[name] for r in both])
        limit = None
        if "flops" in part and "sgemm" in both[0]:
            limit = part["flops"] / seconds.median / median(r["sgemm"] for r in both)
        peer = PEERS.get(name)
        made.append(
            Row(
                name,
                peer.title if peer else "the bare NumPy expression",
                peer.counted if peer else False,
                seconds,
                figure([r[name] / r[base] for r in both]),
                limit,
                part.get("notes", {}).get(name, ""),
            )
        )
    return sorted(made, key=lambda r: (r.name not in OURS, r.name != base, r.seconds.median))


def best_peer(part: Results) -> Row | None:
    """Return the fastest library that is not ours, or None."""
    others = [r for r in rows(part) if r.counted and r.name not in OURS]
    return min(others, key=lambda r: r.ratio.median, default=None)


def slow_share(chunks: list[float]) -> tuple[float, float]:
    """Return the median seconds per step of chunks, and the share that takes 1.5 times that.

    >>> slow_share([1.0, 1.0, 1.0, 2.0])
    (1.0, 0.25)
    """
    middle = median(chunks)
    return middle, sum(c > SLOW * middle for c in chunks) / len(chunks)
