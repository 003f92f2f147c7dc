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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

# machine -> (bytes of its fenv_t, where in it the control word is, the bits that flush)
MODES = {"x86_64": (32, 28, 0x8040), "aarch64": (8, 0, 1 << 24)}


@contextmanager
def flushed() -> Iterator[None]:
    """Let this thread take denormal numbers for zero; its mode is put back at the end.

    >>> tiny = np.array([1e-30], np.float32)
    >>> with flushed():
    ...     product = tiny * np.float32(1e-10)
    >>> (product == 0).all() == (library() is not None)
    np.True_
    """
    found = library()
    if found is None:
        yield
        return
    get, put, size, place, bits = found
    before = (ctypes.c_uint8 * size)()
    get(before)
    wanted = (ctypes.c_uint8 * size).from_buffer_copy(before)
    word = ctypes.c_uint32.from_buffer(wanted, place)
    word.value |= bits
    put(wanted)
    try:
        yield
    finally:
        put(before)


@cache
def library() -> tuple[Any, Any, int, int, int] | None:
    """Return fegetenv, fesetenv and how to use them; None where that is not known."""
    mode = MODES.get(platform.machine())
    if mode is None or not sys.platform.startswith("linux"):
        return None
    for kind in (np.float32, np.float64):  # NumPy finds it out once, and would be misled later
        _ = np.finfo(kind).smallest_subnormal
    try:
        libm = ctypes.PyDLL("libm.so.6")  # its calls keep Python's lock: they take no time
        return (libm.fegetenv, libm.fesetenv, *mode)
    except (OSError, AttributeError):  # another C library
        return None
