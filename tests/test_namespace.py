"""What layers ask of their arrays: the same on NumPy and in a compiled program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.namespace import whole


def test_numpy_computes_all_before_it_is_read() -> None:
    X = np.ones(3)
    assert whole(X) is X


def test_a_compiled_program_computes_it_once() -> None:
    jax = pytest.importorskip("jax")
    from chainrule.engines.compiling import ALWAYS, compiled

    def windows(X: Any, once: Any) -> Any:
        Y = once(jax.numpy.maximum(X[:, ::2], X[:, 1::2]))
        return jax.numpy.concatenate([Y[:, i : i + 8] for i in range(3)], axis=1)

    X = np.arange(40.0, dtype=np.float32).reshape(2, 20)
    found = {}
    for once in (whole, lambda Y: Y):
        lowered = jax.jit(lambda X, once=once: windows(X, once)).lower(X)
        found[once] = compiled(lowered, jax.devices("cpu")[0], ALWAYS)
    barred, free = found.values()
    assert "opt-barrier" in barred.as_text()
    assert "opt-barrier" not in free.as_text()
    np.testing.assert_array_equal(barred(X), free(X))
