"""The limit: how fast this machine multiplies large float32 matrices, by the best library here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np


class Sgemm:
    """Products of two n x n matrices, by NumPy and, where it is installed, PyTorch."""

    def __init__(self, size: int) -> None:
        self.size = size
        a = np.random.default_rng(0).random((size, size), dtype=np.float32)
        b, out = a.T.copy(), np.empty_like(a)
        self.products: list[Callable[[], Any]] = [lambda: np.matmul(a, b, out=out)]
        if find_spec("torch"):
            import torch

            u, v, w = torch.from_numpy(a), torch.from_numpy(b), torch.from_numpy(out)
            self.products.append(lambda: torch.mm(u, v, out=w))
        for product in self.products:
            product()

    def measure(self, tries: int = 3) -> float:
        """Return operations per second of the fastest product."""
        seconds = float("inf")
        for _ in range(tries):
            for product in self.products:
                started = perf_counter()
                product()
                seconds = min(seconds, perf_counter() - started)
        return 2.0 * self.size**3 / seconds
