"""How many processors and how much memory this process may use, within a container's limits.

A container sees all of its host's processors and memory; what it may use of them is said by its
control groups, version 1 or 2, and those of all groups above it hold as well.
"""

from __future__ import annotations

import os
from functools import cache
from math import ceil
from pathlib import Path

from chainrule.errors import ConfigurationError

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
SECOND_CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
VARIABLE = "CHAINRULE_THREADS"


def groups(controller: str, root: Path = CGROUPS, own: Path = OWN) -> list[Path]:
    """Return the folders of this process's control groups for one controller, and above them."""
    found = [root, root / controller]
    try:
        lines = own.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, names, path = line.split(":", 2)
        top = root if not names else root / controller
        if not names or controller in names.split(","):
            place = top / path.strip("/")
            found += [place, *(p for p in place.parents if p.is_relative_to(top))]
    return list(dict.fromkeys(found))


def memory_limit(root: Path = CGROUPS, own: Path = OWN) -> int | None:
    """Return the least bytes that a control group allows; None where none does."""
    limits = []
    for folder in groups("memory", root, own):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(folder / name)
            if text.isdigit() and int(text) < 1 << 60:  # "max" and huge numbers are no limit
                limits.append(int(text))
    return min(limits, default=None)


def memory() -> int:
    """Return the bytes of memory that this process may count on: the machine's, or its group's."""
    pages = "SC_PHYS_PAGES"
    known = hasattr(os, "sysconf") and pages in os.sysconf_names
    whole = os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE") if known else 4 << 30
    limit = memory_limit()
    return whole if limit is None else min(whole, limit)


def second_cache(file: Path = SECOND_CACHE) -> int:
    """Return the bytes of a processor's second-level cache; 2 MiB where nobody tells."""
    size, unit = (text := _text(file))[:-1], text[-1:]
    known = size.isdigit() and unit in ("K", "M")
    return int(size) * (1 << 10 if unit == "K" else 1 << 20) if known else 2 << 20


def cpus(root: Path = CGROUPS, own: Path = OWN) -> int:
    """Return how many processors this process may keep busy, at least one.

    That is those that it is bound to, or fewer where a control group allows less of their time:
    a share of 1.5 processors counts as 2.
    """
    return min(bound(), _share(root, own))


@cache  # a prediction of one row asks, and takes 10 µs
def _share(root: Path, own: Path) -> int:
    """Return the processors that control groups allow, once read from their files."""
    count = 1 << 20
    for folder in groups("cpu", root, own):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            count = min(count, max(1, ceil(int(quota) / int(period))))
    return count


def bound() -> int:
    """Return how many processors this process is bound to."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def resident() -> int:
    """Return the bytes of memory that this process has taken so far; 0 where nobody tells."""
    pages = _text(Path("/proc/self/statm")).split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if len(pages) > 1 else 0


def threads(root: Path = CGROUPS, own: Path = OWN) -> int:
    """Return how many threads a computation may have: CHAINRULE_THREADS, or all processors.

    Raises ConfigurationError when that variable is no number of 1 or more.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        return cpus(root, own)
    if not given.isdigit() or int(given) < 1:
        raise ConfigurationError(f'{VARIABLE} must be a number of threads, got "{given}"')
    return int(given)


def set_threads(count: int) -> None:
    """Let both engines compute with `count` threads, in this process and those it starts.

    To be called before the first computation: results may depend on the number by rounding, and
    the xla engine asks once. Raises ConfigurationError for a number below 1.

    >>> set_threads(0)
    Traceback (most recent call last):
    chainrule.errors.ConfigurationError: a computation needs 1 thread or more, got 0
    """
    if count < 1:
        raise ConfigurationError(f"a computation needs 1 thread or more, got {count}")
    os.environ[VARIABLE] = str(count)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
