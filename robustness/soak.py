"""A training that is disturbed at random moments: `python -m robustness.soak --kills 200`.

Processes train, are killed, interrupted, terminated or given a full disk, and are started again,
until the training is done; then it begins anew. The final weights and curves must be, byte by byte,
those of an undisturbed run, and no file that is ever there under its own name may be unreadable.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, sleep

from chainrule.model_file import load

SCRIPT = Path(__file__).parent.parent / "tests" / "training" / "resumed.py"
KINDS = {"killed": signal.SIGKILL, "interrupted": signal.SIGINT, "terminated": signal.SIGTERM}


def start(
    folder: Path, engine: str, full: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    """Start the training of `folder`, or go on with it."""
    command = [sys.executable, str(SCRIPT), str(folder), engine, "0", "long"]
    return subprocess.Popen(
        command, cwd=SCRIPT.parent.parent, stderr=subprocess.DEVNULL, preexec_fn=full
    )


def full_after(size: int) -> Callable[[], None]:
    """Return what lets the kernel refuse to write more than `size` bytes to a file."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def unreadable(folder: Path) -> list[str]:
    """Return the checkpoints that cannot be opened; temporary files have another name."""
    problems = []
    for path in folder.glob("*.safetensors"):
        try:
            load(path)
        except Exception as error:  # whatever it is, it is a failure here
            problems.append(str(error))
    return problems


def newest(folder: Path) -> str:
    """Return the name of the newest checkpoint, or nothing."""
    return max((path.name for path in folder.glob("step-*.safetensors")), default="")


def wait_for_training(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait until the process writes its first checkpoint; say whether it did before it ended."""
    before = newest(folder)
    while process.poll() is None:
        if newest(folder) != before:
            return True
        sleep(0.005)
    return False


def soak(engine: str, kills: int, seed: int, only_kills: bool) -> tuple[Counter[str], list[str]]:
    """Disturb trainings until `kills` processes were killed; return the counts and problems."""
    draw, counts, problems = random.Random(f"{engine}:{seed}"), Counter[str](), []
    with tempfile.TemporaryDirectory() as place:
        whole, folder = Path(place, "whole"), Path(place, "0")
        process = start(whole, engine)
        wait_for_training(process, whole)
        begun = perf_counter()
        assert process.wait() == 0, "the undisturbed training failed"
        seconds, size = perf_counter() - begun, (whole / "final").stat().st_size
        expected = (whole / "final").read_bytes()
        while counts["killed"] < kills or counts["finished"] == 0:
            kind = "killed" if only_kills or draw.random() < 0.7 else draw.choice([*KINDS, "full"])
            full = full_after(draw.randrange(2 * size)) if kind == "full" else None
            process = start(folder, engine, full)
            enough = counts["killed"] >= kills
            # one in ten at any moment, the others while it trains and writes
            training = draw.random() > 0.1 and wait_for_training(process, folder)
            try:
                process.wait(None if enough else draw.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                process.send_signal(KINDS.get(kind, signal.SIGKILL))
                process.wait()
            # the signal may have come before Python was ready, or after the last step
            killed = process.returncode == -signal.SIGKILL
            counts["killed" if killed else kind] += 1
            counts["killed while training"] += killed and training
            problems += unreadable(folder)
            if process.returncode == 0:
                counts["finished"] += 1
                if (folder / "final").read_bytes() != expected:
                    problems.append(f"{engine}: training {folder.name} ended in other bytes")
                folder = Path(place, str(counts["finished"]))
    return counts, problems


def main() -> int:
    """Soak both engines; return the exit code, 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs for each engine")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only-kills", action="store_true", help="no other disturbance")
    engines = ["numpy", "xla"] if find_spec("jax") else ["numpy"]
    parser.add_argument("--engines", nargs="*", default=engines, choices=["numpy", "xla"])
    asked = parser.parse_args()
    failed = False
    for engine in asked.engines:
        begun = perf_counter()
        counts, problems = soak(engine, asked.kills, asked.seed, asked.only_kills)
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        print(f"{engine}: {said}; {len(problems)} problems; {perf_counter() - begun:.0f} s")
        print("\n".join(problems[:20]), end="", file=sys.stderr)
        failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
