"""Damaged files by the thousand: `python -m robustness.fuzz --inputs 50000`.

Each input must be read, or be refused with a chainrule error that names the file: no other
exception, no more than a second, no more memory than declared. What breaks a rule is written to
the corpus, under the reader's name, and stays there as a test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import ceil
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from chainrule.data import apart
from chainrule.errors import ChainruleError
from robustness.mutations import mutated
from robustness.readers import CORPUS, READERS, Reader, available, seeds

SECONDS = 1.0  # of CPU, that one file may take
HANGS = 20.0  # then the process is ended, whatever it is in
SILENT = 300  # seconds of any kind: then it waits for a process that hangs
EACH = 2  # files of a kind of problem that the corpus keeps
MEMORY = 1 << 30  # bytes of address space beyond those at the start


def bound_memory() -> None:
    """Let the system refuse memory beyond the declared limit; a reader then fails."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def cpu() -> float:
    """Return the seconds of CPU that this process has taken, and those that read for it."""
    ended = os.times()
    total = process_time() + ended.children_user + ended.children_system
    for child in apart.IDLE:
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def problem(reader: Reader, path: Path) -> tuple[str, str]:
    """Return ("read" or "refused", "") or ("problem", what it is) for one file."""
    started = cpu()
    signal.setitimer(signal.ITIMER_PROF, HANGS)
    signal.alarm(SILENT)
    try:
        reader.read(path)
        outcome = "read", ""
    except ChainruleError as error:
        named = path.name in str(error)
        outcome = ("refused", "") if named else ("problem", f"does not name the file: {error}")
    except BaseException as error:  # a Rust panic is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        outcome = "problem", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    seconds = cpu() - started
    if seconds > SECONDS:
        outcome = "problem", f"took {seconds:.1f} s"
    return outcome


def fuzz(name: str, numbers: range, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Read the damaged files of these numbers; return how many ended how, and the problems."""
    reader, good = READERS[name], seeds(name)
    (folder / name).mkdir(exist_ok=True)
    path = folder / name / reader.name
    counts: Counter[str] = Counter()
    problems: list[str] = []
    kinds: Counter[str] = Counter()
    for number in numbers:
        content = mutated(good, seed, number, reader.inside)
        path.write_bytes(content)
        outcome, what = problem(reader, path)
        counts[outcome] += 1
        if what:
            kind = re.sub(r"[\d'\"].*", "", what)
            kinds[kind] += 1
            kept = ""
            if kinds[kind] <= EACH:
                digest = hashlib.sha256(content).hexdigest()[:12]
                (CORPUS / name / f"found-{digest}").write_bytes(content)
                kept = f" (corpus/{name}/found-{digest})"
            problems.append(f"{name} {seed}:{number}: {what[:300]}{kept}")
    return counts, problems


def alone(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Fuzz one reader in a process of its own, which may crash, hang or run out of memory."""
    whole = sum(READERS[reader].share for reader in asked.readers)
    count = ceil(asked.inputs * READERS[name].share / whole)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # disks are slower than readers
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        command = [sys.executable, "-m", "robustness.fuzz", "--readers", name, "--seed"]
        command += [str(asked.seed), "--first", str(asked.first), "--inputs", str(count)]
        done = subprocess.run(
            [*command, "--here", folder], cwd=CORPUS.parent.parent, capture_output=True, text=True
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
        path = Path(folder, name, READERS[name].name)
        content = path.read_bytes() if path.exists() else b""
        digest = hashlib.sha256(content).hexdigest()[:12]
        (CORPUS / name / f"found-{digest}").write_bytes(content)
        what = f"{name}: the process ended with {done.returncode} (corpus/{name}/found-{digest})"
        return {"counts": {"problem": 1}, "problems": [what, *done.stderr.splitlines()[-3:]]}


def here(name: str, asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Fuzz one reader in this process, its memory bounded."""
    warnings.simplefilter("ignore")
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    with suppress(ChainruleError):  # what it imports does not count
        fuzz(name, range(20), -1, folder)
    apart.end()  # the next one is bound as well
    bound_memory()
    numbers = range(asked.first, asked.first + asked.inputs)
    counts, problems = fuzz(name, numbers, asked.seed, folder)
    apart.end()
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(who).ru_maxrss for who in both) / 1024
    return {"counts": counts, "problems": problems, "peak": peak}


def main() -> int:
    """Fuzz every reader; return the exit code, 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=50_000, help="in all, over the readers")
    parser.add_argument("--first", type=int, default=0, help="number of the first: goes on there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="*", default=available(), choices=list(READERS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="readers at a time")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(here(asked.readers[0], asked, asked.here)))
        return 0
    total, bad, peak, begun = Counter[str](), [], 0.0, perf_counter()

    def timed(name: str) -> tuple[dict[str, Any], float]:
        started = perf_counter()
        return alone(name, asked), perf_counter() - started

    with ThreadPoolExecutor(asked.jobs) as pool:
        for name, (found, seconds) in zip(
            asked.readers, pool.map(timed, asked.readers), strict=True
        ):
            counts = Counter(found["counts"])
            print(
                f"{name:<11}{counts['read']:>9,} read {counts['refused']:>9,} refused "
                f"{counts['problem']:>5,} problems {seconds:>7.1f} s", flush=True,
            )  # fmt: skip
            total += counts
            bad += found["problems"]
            peak = max(peak, found.get("peak", 0.0))
    print(
        f"{total.total():,} inputs, {len(bad):,} problems, at most {peak:.0f} MB in memory, "
        f"{perf_counter() - begun:.0f} s"
    )
    for line in bad[:30]:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
