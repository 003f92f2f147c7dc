"""What a step of data parallelism costs, on paper: where more processes stop paying.

    T(P) = compute / P + update + 2 (P - 1) / P · bytes / bandwidth + latency · messages(P)

`compute` is one process's time for the whole minibatch, which is divided; `update` every process
makes for itself. The vector of gradients (`bytes`) goes by halves and comes back by halves, which
is 2 (P - 1) / P of it and 2 log2(P) messages; a short one goes whole, in log2(P) messages.
"""

from __future__ import annotations

from math import ceil, log2
from typing import NamedTuple

from chainrule.scale.mpi import SHORT


class Link(NamedTuple):
    """A network between processes: bytes a second, one way, and seconds a message."""

    name: str
    bandwidth: float
    latency: float


class Work(NamedTuple):
    """A step of one process: seconds to compute and to update, and the bytes of its gradients."""

    name: str
    compute: float
    update: float
    bytes: float


# Nominal figures of common links, two thirds of the wire's; measure your own with this program.
LINKS = (
    Link("1 Gb/s Ethernet", 0.08e9, 60e-6),
    Link("10 Gb/s Ethernet", 0.8e9, 30e-6),
    Link("100 Gb/s InfiniBand", 8e9, 2e-6),
)


def exchange(nbytes: float, processes: int, link: Link) -> float:
    """Return the seconds in which the vectors of all processes are added, on all of them.

    >>> exchange(8e6, 2, Link("", 1e9, 0.0))
    0.008
    """
    if processes == 1:
        return 0.0
    rounds = ceil(log2(processes))
    if nbytes <= SHORT:
        return rounds * (link.latency + nbytes / link.bandwidth)
    share = 2 * (processes - 1) / processes
    return share * nbytes / link.bandwidth + 2 * rounds * link.latency


def step(work: Work, processes: int, link: Link) -> float:
    """Return the seconds of a step.

    >>> step(Work("", 0.4, 0.1, 8e6), 2, Link("", 1e9, 0.0))
    0.308
    """
    return work.compute / processes + work.update + exchange(work.bytes, processes, link)


def speedup(work: Work, processes: int, link: Link) -> float:
    """Return how many times faster a step is than with one process."""
    return step(work, 1, link) / step(work, processes, link)


def best(work: Work, link: Link, most: int = 1024) -> int:
    """Return the number of processes, a power of two, after which a step gets no tenth faster.

    >>> best(Work("", 1.0, 0.0, 1e6), Link("", 1e6, 0.0))
    1
    """
    processes = 1
    while processes < most:
        if step(work, 2 * processes, link) > step(work, processes, link) / 1.1:
            break
        processes *= 2
    return processes
