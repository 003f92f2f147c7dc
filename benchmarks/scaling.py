"""How the time per sample grows with the width, the depth and the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.rounds import Group, Say
from benchmarks.workloads import Workload

NAMES = ("xla", "numpy", "torch")


def steps(workload: Workload) -> int:
    """Return how many steps are enough to be measured: some 10 Gflop, at least 16 steps."""
    return max(16, min(400, int(1e10 / workload.flops)))


def axes(quick: bool) -> dict[str, list[tuple[int, Workload]]]:
    """Return the workloads along each axis: (value, workload)."""
    widths = (32, 256) if quick else (16, 64, 256, 1024, 4096)
    depths = (1, 4) if quick else (1, 2, 4, 8, 16, 32)
    sizes = (1, 64) if quick else (1, 4, 16, 64, 256, 1024)
    networks = {
        "width": [(w, (256, w, w, 10), 64) for w in widths],
        "depth": [(d, (256, *[128] * d, 10), 64) for d in depths],
        "batch": [(b, (784, 128, 10), b) for b in sizes],
    }
    result: dict[str, list[tuple[int, Workload]]] = {}
    for axis, points in networks.items():
        for value, layers, batch_size in points:
            workload = Workload(f"{axis} {value}", layers, batch_size, "adam", 1e-4, epochs=1)
            fields = workload.to_json() | {"samples": batch_size * steps(workload)}
            result.setdefault(axis, []).append((value, Workload.from_json(fields)))
    return result


def measure(names: Sequence[str], rounds: int, quick: bool, say: Say) -> dict[str, Any]:
    """Return, for each axis, its values and every library's seconds per sample in every round."""
    present = [n for n in NAMES if n in names]
    done: dict[str, Any] = {"failed": {}}
    with Group(present, say) as group:
        for axis, points in axes(quick).items():
            rows = []
            for value, workload in points:
                for name in present:
                    group.turn(name, "prepare", workload=workload.to_json())
                seconds: dict[str, list[float]] = {name: [] for name in present}
                for number in range(rounds):
                    for name in group.order(number):
                        answer = group.turn(name, "train", epochs=1)
                        if answer is not None:
                            each = sum(answer["seconds"]) / workload.samples
                            seconds[name].append(each)
                rows.append({"value": value, "title": workload.title, "seconds": seconds})
                best = {n: min(s) for n, s in seconds.items() if s}
                say(
                    f"  {axis} {value}: "
                    + ", ".join(f"{n} {s * 1e6:.2f} µs a sample" for n, s in best.items())
                )
            done[axis] = rows
        done["failed"] = group.failed
    return done
