"""A prediction takes as many rows at a time as its layers' outputs leave room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import footprint


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(footprint, "NUMBERS_AT_ONCE", 2000)
    footprint.rows_at_once.cache_clear()
    yield
    footprint.rows_at_once.cache_clear()


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_rows_are_cut_and_the_answers_are_the_same(
    engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    network = cr.Sequential(cr.Conv2D(2, 3), cr.ReLU(), cr.Flatten(), cr.Dense(2))
    model = cr.Model(network, cr.SquaredError(), input_shape=(5, 5, 1))
    x = np.random.default_rng(0).random((50, 5, 5, 1), np.float32)
    whole = model.predict(x, engine=engine)
    request.getfixturevalue("little_room")
    rows, forward = [], cr.Dense.forward

    def counting(self: Any, params: Any, X: Any, *rest: Any) -> Any:
        rows.append(len(X))
        return forward(self, params, X, *rest)

    monkeypatch.setattr(cr.Dense, "forward", counting)
    np.testing.assert_allclose(model.predict(x, engine=engine), whole, rtol=1e-5)
    # outputs 18 + 18 + 18 + 2, patches 9 * 9
    assert rows == ([14, 14, 14, 8] if engine == "numpy" else [14, 8])  # traced once for a shape


def test_what_a_pass_keeps_is_counted_in_every_layer_of_a_tree() -> None:
    branch = cr.Residual(cr.Sequential(cr.Dense(4), cr.Tanh()))
    found = footprint.kept(cr.Sequential(branch, cr.Dense(3)), (4,))
    assert found == footprint.Kept(outputs=11, patches=0, largest=0)
