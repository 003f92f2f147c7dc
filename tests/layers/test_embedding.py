from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.namespace import add_rows


@given(places=st.lists(st.integers(0, 5), max_size=20))
def test_rows_are_added_where_they_belong(places: list[int]) -> None:
    rows = np.random.default_rng(len(places)).normal(size=(len(places), 3))
    expected = np.zeros((6, 3))
    for place, row in zip(places, rows, strict=True):
        expected[place] += row
    np.testing.assert_allclose(add_rows(6, np.array(places, int), rows), expected, atol=1e-14)


def sentences() -> tuple[Any, Any]:
    """Return texts of eight tokens; the second class is those that hold token 3."""
    x = np.random.default_rng(0).integers(0, 50, (300, 8))
    return x, (x == 3).any(axis=1).astype(int)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_text_classifier_learns(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    x, y = sentences()
    network = cr.Sequential(cr.Embedding(50, 8), cr.GlobalAveragePool(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.1))
    model.fit(x, y, epochs=30, engine=engine, verbose=0)
    assert model.evaluate(x, y)["accuracy"] > 0.97


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[0, 50]], r"x must hold tokens for Embedding\(50, 2\), .* from 0 to 49; .* 0 to 50"),
        ([[-1, 2]], "it goes from -1 to 2"),
        ([[0.5, 2.0]], "with fractions"),
    ],
)
def test_what_is_no_token_is_refused_at_the_door(x: Any, message: str) -> None:
    network = cr.Sequential(cr.Embedding(50, 2), cr.Flatten(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(2,))
    with pytest.raises(cr.DataError, match=message):
        model.fit(x, [0], verbose=0)
    with pytest.raises(cr.DataError, match=message):
        model.predict(x)


def test_tokens_beyond_what_float32_holds_are_refused() -> None:
    with pytest.raises(cr.ConfigurationError, match="positive integer up to 16,777,216"):
        cr.Embedding(2**24 + 1, 3)
    with pytest.raises(cr.ConfigurationError, match="units must be a positive integer, got 0"):
        cr.Embedding(3, 0)
