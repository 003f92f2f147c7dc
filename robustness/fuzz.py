"""Damaged files by the thousand: `python -m robustness.fuzz --inputs 50000`.

Each input must be read, or be refused with a chainrule error that names the file: no other
exception, no more than a second, no more memory than declared. What breaks a rule is written to
the corpus, under the reader's name, and stays there as a test.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from time import perf_counter, process_time

from chainrule.errors import ChainruleError
from robustness.mutations import mutated
from robustness.readers import CORPUS, READERS, Reader, present, seeds

SECONDS = 1.0  # of CPU, that one file may take
MEMORY = 1 << 30  # bytes of address space beyond those at the start


def bound_memory() -> None:
    """Let the system refuse memory beyond the declared limit; a reader then fails."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def problem(reader: Reader, path: Path) -> tuple[str, str]:
    """Return ("read" or "refused", "") or ("problem", what it is) for one file."""
    started = process_time()
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
    seconds = process_time() - started
    if seconds > SECONDS:
        outcome = "problem", f"took {seconds:.1f} s"
    return outcome


def fuzz(name: str, numbers: range, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Read the damaged files of these numbers; return how many ended how, and the problems."""
    reader, good = READERS[name], seeds(name)
    path = folder / f"input{reader.ending}"
    counts: Counter[str] = Counter()
    problems = []
    for number in numbers:
        content = mutated(good, seed, number)
        path.write_bytes(content)
        outcome, what = problem(reader, path)
        counts[outcome] += 1
        if what:
            digest = hashlib.sha256(content).hexdigest()[:12]
            (CORPUS / name / f"found-{digest}").write_bytes(content)
            problems.append(f"{name} {seed}:{number}: {what[:300]} (corpus/{name}/found-{digest})")
    return counts, problems


def main() -> int:
    """Fuzz every reader; return the exit code, 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=50_000, help="in all, over the readers")
    parser.add_argument("--first", type=int, default=0, help="number of the first: goes on there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="*", default=list(READERS), choices=list(READERS))
    asked = parser.parse_args()
    for name in [n for n in asked.readers if not present(n)]:
        print(f"{name:<11}left out: its extra is not installed")
        asked.readers.remove(name)
    warnings.simplefilter("ignore")
    bound_memory()
    each, total, bad = -(-asked.inputs // len(asked.readers)), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.readers:
            started = perf_counter()
            numbers = range(asked.first, asked.first + each)
            counts, problems = fuzz(name, numbers, asked.seed, Path(folder))
            print(
                f"{name:<11}{counts['read']:>9,} read {counts['refused']:>9,} refused "
                f"{counts['problem']:>5,} problems {perf_counter() - started:>7.1f} s", flush=True,
            )  # fmt: skip
            total += counts
            bad += problems
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{total.total():,} inputs, {len(bad):,} problems, at most {peak:.0f} MB in memory")
    for line in bad[:30]:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
