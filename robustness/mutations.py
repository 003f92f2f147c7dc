"""Damaged copies of good files, each a function of (seed, number): any can be made again."""

from __future__ import annotations

import random
from collections.abc import Callable

INTERESTING = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b'"',
    b"{",
    b"[",
    b"]",
    b",",
    b"\n",
    b"-",
    b"nan",
)
NUMBERS = (b"0", b"-1", b"1e999", b"99999999999999999999", b"4294967295", b"2147483648", b"null")


def mutated(
    seeds: list[bytes], seed: int, number: int, inside: Callable[..., bytes] | None = None
) -> bytes:
    """Return one of the seeds with one to eight changes: bits, bytes, numbers, cuts and copies.

    With `inside`, every second one is changed within its frame instead, by that function of
    (content, draw), so that lengths and checksums are right and the reader goes on.

    >>> mutated([b"1,2,3"], 0, 5) == mutated([b"1,2,3"], 0, 5)
    True
    """
    draw = random.Random(f"{seed}:{number}")
    if inside is not None and number % 2:
        return inside(draw.choice(seeds), draw)
    return damaged(draw.choice(seeds), seeds, draw)


def damaged(good: bytes, seeds: list[bytes], draw: random.Random) -> bytes:
    """Return `good` with one to eight changes; pieces may come from the other seeds."""
    content = bytearray(good)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        place, end = sorted(draw.randrange(len(content) + 1) for _ in range(2))
        end = min(end, place + 64)
        kind = draw.randrange(9)
        if kind == 0 and place < len(content):
            content[place] ^= 1 << draw.randrange(8)
        elif kind == 1 and place < len(content):
            content[place] = draw.randrange(256)
        elif kind == 2:
            content[place:place] = draw.choice(INTERESTING)
        elif kind == 3:
            del content[place:end]
        elif kind == 4:
            del content[place:]
        elif kind == 5:
            content[place:place] = content[place:end] * draw.choice((1, 2, 50))
        elif kind == 6:
            other = draw.choice(seeds)
            start = draw.randrange(len(other) + 1)
            content[place:end] = other[start : start + 64]
        elif kind == 7:
            content[place : place + 4] = draw.randrange(1 << 32).to_bytes(4, draw.choice(ORDERS))
        else:
            _another_number(content, draw)
    return bytes(content)


ORDERS = ("little", "big")


def _another_number(content: bytearray, draw: random.Random) -> None:
    """Exchange a run of digits, such as a size in a header, for a number at an edge."""
    starts = [i for i, byte in enumerate(content[:4096]) if 48 <= byte <= 57]
    if starts:
        start = end = draw.choice(starts)
        while end < len(content) and 48 <= content[end] <= 57:
            end += 1
        content[start:end] = draw.choice(NUMBERS)
