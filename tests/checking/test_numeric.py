"""Derivatives from function values alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.checking.numeric import slopes

AT = np.array([[1.0, -2.0], [0.5, 3.0]])
EVERY = list(np.ndindex(2, 2))


def test_an_analytic_function_is_found_out_and_exact() -> None:
    found = slopes(lambda X: np.exp(X) * X, AT, EVERY)
    assert found.analytic
    expected = (np.exp(AT) * (1 + AT)).ravel()
    np.testing.assert_allclose(found.gradient(np.ones((2, 2))), expected, rtol=1e-14)


@pytest.mark.parametrize(
    "function", [np.abs, lambda X: np.asarray(X, float) ** 2], ids=["abs", "cast"]
)
def test_a_function_that_drops_the_imaginary_part_is_not_believed(function: Any) -> None:
    found = slopes(function, AT, EVERY)
    assert not found.analytic
    slope = np.sign(AT) if function is np.abs else 2 * AT
    np.testing.assert_allclose(found.gradient(np.ones((2, 2))), slope.ravel(), rtol=1e-9)


def test_an_entry_at_a_kink_is_set_aside_and_its_neighbours_are_not() -> None:
    found = slopes(lambda x: np.maximum(x, 0), np.array([0.0, 1e-4, -1.0, 2.0]), [(0,), (1,), (3,)])
    assert found.kinks.tolist() == [True, False, False]
    np.testing.assert_allclose(found.gradient(np.ones(4))[1:], 1, rtol=1e-8)


def test_a_jump_of_the_curvature_is_no_kink() -> None:
    huber = lambda x: np.where(np.abs(x) <= 1, x * x / 2, np.abs(x) - 0.5)  # noqa: E731
    found = slopes(huber, np.array([1.0, -1.0]), [(0,), (1,)])
    assert not found.kinks.any()
    np.testing.assert_allclose(found.gradient(np.ones(2)), [1, -1], rtol=1e-8)


def test_the_jacobian_holds_the_whole_output() -> None:
    W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    found = slopes(lambda X: X @ W, AT, [(0, 1)])
    np.testing.assert_allclose(found.jacobian, [[[4, 5, 6], [0, 0, 0]]], rtol=1e-14)
