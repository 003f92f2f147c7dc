from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.inputs import as_samples, as_weights, check_finite, check_length

NUMERIC = ["float16", "float32", "float64", "uint8", "int8", "int64", "uint64", "bool"]


@pytest.mark.parametrize("dtype", NUMERIC)
def test_any_numeric_dtype_comes_in_as_it_is(dtype: str) -> None:
    X = np.ones((3, 4), dtype)
    assert as_samples(X, (4,)) is X
    assert as_samples(X, None) is X


def test_lists_come_in() -> None:
    assert as_samples([[1, 2], [3, 4]], (2,)).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("x", "shape", "message"),
    [
        (np.ones((5, 1)), (5,), r"x must be \(samples, 5\), got \(5, 1\): a column vector\?"),
        (np.ones((5, 7)), (5,), r"got \(5, 7\): samples in columns\? pass X.T, or use columns"),
        (np.ones(5), (5,), r"got \(5,\): one sample\? pass x\[None\]"),
        (np.ones((28, 28)), (28, 28), r"one sample\? pass x\[None\]"),
        (np.ones(7), (1,), r"got \(7,\): pass x\[:, None\]"),
        (np.ones((3, 4)), (5,), r"x must be \(samples, 5\), got \(3, 4\)$"),
        (np.ones((3, 28, 28)), (784,), r"x must be \(samples, 784\), got \(3, 28, 28\)"),
        (np.float64(3), (5,), r"x must be \(samples, 5\), got \(\)"),
        (np.ones(7), None, r"x must be \(samples, features\), got \(7,\): one feature\?"),
        (3.0, None, r"x must be \(samples, features\), got \(\)"),
    ],
)
def test_other_shapes_are_refused_with_what_to_do(x: Any, shape: Any, message: str) -> None:
    with pytest.raises(cr.ShapeError, match=message):
        as_samples(x, shape)


def test_the_column_hint_is_the_promised_one() -> None:
    with pytest.raises(cr.ShapeError, match=r"a column vector\? pass X.T, or use columns$"):
        as_samples(np.ones((5, 1)), (5,))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([["a", "b"]]), "x must be numbers, got <U1 such as 'a'"),
        (np.array([[None, 1]]), "x must be numbers, got object such as None"),
        (np.ones((1, 2), complex), "x must be numbers, got complex128"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "x must be numbers, got datetime64"),
    ],
)
def test_what_is_no_number_is_refused(x: Any, message: str) -> None:
    with pytest.raises(cr.DataError, match=message):
        as_samples(x, None)


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(cr.ShapeError, match="x must have rows of equal length"):
        as_samples([[1, 2], [3]], None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_first_entry_that_is_not_finite_is_named(bad: float, dtype: str) -> None:
    X = np.zeros((3, 4), dtype)
    X[1, 2] = X[2, 0] = bad
    with pytest.raises(cr.DataError, match=rf"x holds 2 entries .* first is x\[1, 2\] = {bad}"):
        check_finite(X, "x")


def test_opposite_infinities_do_not_cancel() -> None:
    with pytest.raises(cr.DataError, match="2 entries"):
        check_finite(np.array([[np.inf, -np.inf]]), "x")


@pytest.mark.parametrize(
    "X",
    [
        np.full((100,), 6e4, np.float16),  # the sum overflows, the entries do not
        np.full((10,), 3e38, np.float32),
        np.array([2**62, 2**62]),
        np.ones(3, bool),
        np.zeros((0, 4)),
    ],
)
def test_finite_numbers_pass_whatever_their_sum(X: Any) -> None:
    check_finite(X, "x")


@pytest.mark.parametrize("y", [np.ones(4), np.float64(3)])
def test_one_target_per_sample(y: Any) -> None:
    check_length(np.ones(3), np.ones((3, 1)))
    with pytest.raises(cr.ShapeError, match="y must have one entry per sample: 3 samples"):
        check_length(y, np.ones((3, 1)))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], "one entry per sample: 3 samples, but w has 2"),
        ([1, -1, 1], "w must be 0 or more"),
        ([0, 0, 0], "not all 0"),
        ([1, np.nan, 1], r"w\[1\] = nan"),
        ([[1], [1], [1]], r"w must be \(samples,\), got \(3, 1\)"),
        (["a", "b", "c"], "w must be numbers"),
    ],
)
def test_weights_are_checked(weight: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        as_weights(weight, np.ones((3, 1)), "w")
