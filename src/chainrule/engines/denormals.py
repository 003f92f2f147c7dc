"""Numbers below 10⁻³⁸ (float32) count as zero while NumPy trains, as they do on XLA's CPU.

What lies between the smallest normal number, 2⁻¹²⁶, and 0 is denormal, and x86 processors multiply
it up to a thousand times slower: a softmax of 10⁻⁴⁰ in a minibatch made a product of 0.34 ms take
361 ms. The processor has a mode for this, kept with each thread's rounding mode, which the C
library's fesetenv sets: on x86 bits 15 (flush results to zero) and 6 (operands are zero) of MXCSR,
on ARM bit 24 (flush to zero) of FPCR. Elsewhere nothing is changed.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from typing import Any

import numpy as np

# machine -> (bytes before and after the control word in its fenv_t, the bits that flush)
MODES = {"x86_64": (28, 0, 0x8040), "aarch64": (0, 4, 1 << 24)}


class Flushed:
    """A context in which this thread takes denormal numbers for zero; then its mode comes back.

    A class, since a generator takes twice as long, which chunks of a few small steps feel.

    >>> tiny = np.array([1e-30], np.float32)
    >>> with Flushed():
    ...     product = tiny * np.float32(1e-10)
    >>> (product == 0).all() == (library() is not None)
    np.True_
    """

    __slots__ = ("before", "environment", "put")

    def __enter__(self) -> None:
        found = library()
        self.environment: Any = None
        if found is None:
            return
        environment, get, self.put, bits = found
        self.environment = environment()
        get(self.environment)
        self.before = self.environment.word
        self.environment.word |= bits
        self.put(self.environment)

    def __exit__(self, *problem: object) -> None:
        if self.environment is not None:
            self.environment.word = self.before
            self.put(self.environment)


@cache
def library() -> tuple[Any, Any, Any, int] | None:
    """Return fenv_t, fegetenv, fesetenv and the bits that flush; None where they are not known."""
    mode = MODES.get(platform.machine())
    if mode is None or not sys.platform.startswith("linux"):
        return None
    for kind in (np.float32, np.float64):  # NumPy finds it out once, and would be misled later
        _ = np.finfo(kind).smallest_subnormal
    before, after, bits = mode
    fields = [
        ("before", ctypes.c_uint8 * before),
        ("word", ctypes.c_uint32),
        ("after", ctypes.c_uint8 * after),
    ]
    environment = type("fenv_t", (ctypes.Structure,), {"_fields_": fields})
    try:
        libm = ctypes.PyDLL("libm.so.6")  # its calls keep Python's lock: they take no time
    except OSError:  # another C library
        return None
    get, put = libm.fegetenv, libm.fesetenv
    for function in (get, put):
        function.argtypes = [ctypes.POINTER(environment)]
    return environment, get, put, bits
