"""Randomness as a function, not as a state.

Every random number is a hash of (seed, step, layer path, sample, position), computed in
the array's own namespace. The two engines, a resumed run and any number of processes
therefore draw the same numbers, and the global state of `numpy.random` is never touched.

The mixing function is the 32-bit "lowbias32" found by Chris Wellons' search for integer
hashes of low bias (nullprogram.com, "Prospecting for Hash Functions", 2018).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from chainrule.namespace import Array, array_namespace

WORD = 0xFFFFFFFF
GOLDEN = np.uint32(0x9E3779B9)  # 2^32 / golden ratio: neighbouring positions land far apart


def mix(h: Array) -> Array:
    """Return each uint32 of `h` scrambled: one bit in changes half the bits out.

    `h` is a fresh array, which NumPy writes over.
    """
    h ^= h >> 16
    h *= np.uint32(0x7FEB352D)
    h ^= h >> 15
    h *= np.uint32(0x846CA68B)
    h ^= h >> 16
    return h


def mix_number(h: int) -> int:
    """Return `mix` of a single Python integer.

    >>> mix_number(1) == int(mix(np.array([1], np.uint32))[0])
    True
    """
    h ^= h >> 16
    h = h * 0x7FEB352D & WORD
    h ^= h >> 15
    h = h * 0x846CA68B & WORD
    return h ^ h >> 16


class Rng(NamedTuple):
    """A point in the space of random numbers: `bits` at the same point are the same bits.

    `rows` are the samples' positions in the global batch (None for numbers that belong to no
    sample, such as initial weights); `path` is a hash of the names on the way to a layer.

    >>> rng = Rng(seed=7).at("0").at("W")
    >>> bool((rng.bits((2, 3)) == Rng(seed=7).at("0").at("W").bits((2, 3))).all())
    True
    >>> rng.uniform((4,)).dtype
    dtype('float32')
    """

    seed: int
    step: Any = 0
    rows: Any = None
    path: int = 0

    def at(self, name: str) -> Rng:
        """Return the point one name further down."""
        return Rng(self.seed, self.step, self.rows, _below(self.path, name))

    def bits(self, shape: tuple[int, ...]) -> Array:
        """Return uniform uint32 of the given shape; with `rows`, shape[0] is the samples' axis."""
        rows = np.zeros(1, np.uint32) if self.rows is None else self.rows
        xp = array_namespace(rows)
        seed = mix_number(self.seed & WORD) ^ mix_number((self.seed >> 32 & WORD) + 1)
        key = mix_number(seed ^ mix_number(self.path + 1 & WORD))
        step = xp.asarray(self.step).astype(xp.uint32)
        h = mix(mix(rows.astype(xp.uint32) ^ np.uint32(key)) ^ step)
        inner = shape if self.rows is None else shape[1:]
        positions = np.arange(int(np.prod(inner)), dtype=np.uint32) * GOLDEN
        flat = mix(mix(h[:, None] + xp.asarray(positions)[None, :]))
        return flat.reshape(shape)

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """Return float32 in [0, 1), in steps of 2^-24."""
        bits = self.bits(shape)
        return (bits >> 8).astype(array_namespace(bits).float32) * np.float32(2.0**-24)

    def normal(self, shape: tuple[int, ...]) -> Array:
        """Return float32 from N(0, 1), by Box and Muller (1958): √(−2 ln u) cos 2πv."""
        u, v = self.at("radius").uniform(shape), self.at("angle").uniform(shape)
        xp = array_namespace(u)
        radius = xp.sqrt(-2 * xp.log(1 - u))  # 1 − u is in (0, 1]
        return radius * xp.cos(np.float32(2 * np.pi) * v)


@lru_cache(maxsize=4096)
def _below(path: int, name: str) -> int:
    return mix_number(path ^ crc32(name.encode()))


def permutation(seed: int, epoch: int, n: int) -> Array:
    """Return the order of the n samples in an epoch, int64; a function of (seed, epoch) alone.

    >>> sorted(permutation(0, 3, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    bits = Rng(seed, epoch).at("order").bits((n,)).astype(np.uint64)
    # Bits above, positions below: sorting these numbers is five times as fast as an argsort.
    # In place: of ten million samples each copy would be 80 MB.
    bits <<= np.uint64(32)
    bits |= np.arange(n, dtype=np.uint64)
    bits.sort()
    bits &= np.uint64(WORD)
    return bits.view(np.int64)
