"""What threads and XLA's settings change: chainrule alone, under different environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.rounds import Remote, Say, WorkerError, pause
from benchmarks.workloads import WORKLOADS

SETTINGS = {
    "xla": {
        "as it comes": {},
        "one thread": {"NPROC": "1"},
        "512-bit vectors": {"XLA_FLAGS": "--xla_cpu_prefer_vector_width=512"},
        "no threads inside a product": {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"},
        "concurrency-optimized scheduler": {
            "XLA_FLAGS": "--xla_cpu_enable_concurrency_optimized_scheduler=true"
        },
    },
    "numpy": {
        "as it comes": {},
        "one BLAS thread": {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    },
}


def measure(
    names: Sequence[str], workloads: Sequence[str], rounds: int, quick: bool, say: Say
) -> list[dict[str, Any]]:
    """Return seconds per step of each engine, setting and workload in every round."""
    done = []
    for engine in (e for e in SETTINGS if e in names):
        for workload in workloads:
            work = WORKLOADS[workload].shrunk() if quick else WORKLOADS[workload]
            remotes = {s: Remote(PEERS[engine], env) for s, env in SETTINGS[engine].items()}
            seconds: dict[str, list[float]] = {s: [] for s in remotes}
            try:
                for remote in remotes.values():
                    remote.ask("prepare", workload=work.to_json())
                for _ in range(rounds):
                    for setting, remote in remotes.items():
                        pause()
                        answer = remote.ask("train", epochs=work.epochs)
                        steps = work.steps * work.epochs
                        seconds[setting].append(sum(answer["seconds"]) / steps)
            except WorkerError as error:
                say(f"  {engine} {workload} failed: {error}")
            finally:
                for remote in remotes.values():
                    remote.close()
            if all(seconds.values()):
                done.append({"engine": engine, "workload": workload, "seconds": seconds})
                best = ", ".join(f"{s} {min(v) * 1e6:.0f} µs" for s, v in seconds.items())
                say(f"  {engine} {workload}: {best}")
    return done
