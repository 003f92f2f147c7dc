"""The limit: how fast this machine multiplies large float32 matrices, by the best library here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np


def products(n: int) -> list[Callable[[], Any]]:
    """Return calls that multiply two n x n matrices: NumPy, and PyTorch and JAX if present."""
    a = np.random.default_rng(0).random((n, n), dtype=np.float32)
    b, out = a[::-1].copy(), np.empty_like(a)
    calls: list[Callable[[], Any]] = [lambda: np.matmul(a, b, out=out)]
    if find_spec("torch"):
        import torch

        u, v, w = torch.from_numpy(a), torch.from_numpy(b), torch.from_numpy(out.copy())
        calls.append(lambda: torch.mm(u, v, out=w))
    if find_spec("jax"):
        import jax

        p, q, multiply = jax.device_put(a), jax.device_put(b), jax.jit(lambda x, y: x @ y)
        calls.append(lambda: multiply(p, q).block_until_ready())
    return calls


class Sgemm:
    """The products of some sizes, warm."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.products = [(n, call) for n in sizes for call in products(n)]
        for _, call in self.products:
            call()

    def measure(self, tries: int = 3) -> float:
        """Return operations per second of the fastest product."""
        best = 0.0
        for _ in range(tries):
            for n, call in self.products:
                started = perf_counter()
                call()
                best = max(best, 2.0 * n**3 / (perf_counter() - started))
        return best
