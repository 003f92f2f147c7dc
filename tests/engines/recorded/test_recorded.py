"""A function's calls, written down: the same bits, and nothing lost that is still needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engines.recorded import RecordingError, recorded
from chainrule.namespace import array_namespace

TABLE = np.arange(12.0).reshape(3, 4)

# Of matrices (3, 4), of which one is returned; views and constants are among them.
ONE = {
    "negative": lambda A: -A,
    "square": lambda A: A**2,
    "halves": lambda A: A / 2,
    "itself": lambda A: array_namespace(A).asarray(A),
    "view": lambda A: A[:, ::1],
    "reversed": lambda A: A[::-1],
    "turned": lambda A: A.T.reshape(3, 4),
    "flat": lambda A: A.reshape(12)[:].reshape(3, 4),
    "root": lambda A: array_namespace(A).sqrt(A * A),
    "larger": lambda A: array_namespace(A).maximum(A, 0.5),
    "cut": lambda A: A * (A > 0),
    "centred": lambda A: A - A.mean(axis=0),
    "rows": lambda A: A / (1 + (A * A).sum(axis=1)[:, None]),
    "product": lambda A: A @ A.T @ A / (1 + (A * A).sum()),
    "from the left": lambda A: 1 - A,
    "types": lambda A: A.astype("float32").astype(A.dtype),
}
TWO = {
    "sum": lambda A, B: A + B,
    "difference": lambda A, B: A - B,
    "product": lambda A, B: A * B,
    "larger": lambda A, B: array_namespace(A).maximum(A, B),
    "chosen": lambda A, B: array_namespace(A).where(A < B, A, B),
    "joined": lambda A, B: array_namespace(A).concatenate([A, B])[1:4],
    "table": lambda A, B: TABLE - A + B * TABLE,
}
Steps = list[tuple[str, int, int]]
places = st.integers(0, 30)
step = st.tuples(st.sampled_from([*ONE, *(f"two: {n}" for n in TWO)]), places, places)


def run(steps: Steps, *inputs: Any) -> list[Any]:
    """Return what such steps make of the inputs: each takes one or two of all there are by then."""
    known = list(inputs)
    for name, first, second in steps:
        A, B = known[first % len(known)], known[second % len(known)]
        two = TWO.get(name.removeprefix("two: ")) if name.startswith("two: ") else None
        known.append(two(A, B) if two else ONE[name](A))
    return known[2:][-3:]


@given(st.lists(step, min_size=1, max_size=25), st.integers(0, 99), st.integers(0, 2))
def test_the_same_bits(steps: Steps, seed: int, consumes: int) -> None:
    rng = np.random.default_rng(seed)
    first, then = ([rng.normal(size=(3, 4)) for _ in range(2)] for _ in range(2))
    quick = recorded(lambda *inputs: run(steps, *inputs), *first, consumes=range(consumes))
    for inputs in (first, then):
        kept, table = [a.copy() for a in inputs][consumes:], TABLE.copy()
        with np.errstate(all="ignore"):
            expected = [np.array(a) for a in run(steps, *inputs)]
            found = quick(*inputs)
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
        for before, after in zip([*kept, table], [*inputs[consumes:], TABLE], strict=True):
            np.testing.assert_array_equal(before, after)


def test_memory_is_used_again() -> None:
    def function(X: Any) -> list[Any]:
        Y = X * 2
        Z = Y + 1
        return [array_namespace(Z).exp(Z), X.T]

    text = str(recorded(function, np.ones((2, 3))).__doc__)
    assert text.splitlines() == [
        "def replay(v1):",
        "    v2 = v1 * 2",
        "    v2 += 1",
        "    k0(v2, out=v2)",
        "    v5 = v1.T",
        "    del v1",
        "    return (v2, v5, )",
    ]


def test_the_second_of_two_arrays_may_be_written_over() -> None:
    text = str(recorded(lambda X, Y: [X - Y * 2], np.ones(2), np.ones(2)).__doc__)
    assert "    k0(v1, v3, v3)\n" in text


def test_what_is_consumed_is_written_over() -> None:
    X, Y = np.ones(2), np.ones(2)
    (found,) = recorded(lambda X, Y: [X * 2 + Y], X, Y, consumes=[0])(X, Y)
    assert found is X
    assert Y.tolist() == [1, 1]


def test_nothing_is_written_over_through_a_view() -> None:
    def function(X: Any) -> list[Any]:
        Y = X * 2
        turned = Y.T
        return [Y + 1, turned]  # Y's last use, but not that of its memory

    plus, turned = recorded(function, np.ones((2, 3)))(np.ones((2, 3)))
    assert plus.max() == 3
    assert turned.max() == 2


def test_a_row_of_a_table_is_not_written_over() -> None:
    table = np.zeros((3, 4))
    quick = recorded(lambda step, X: [np.add(X.tape.constant(table)[step], 1)], 1, np.ones(4))
    assert quick(2, np.ones(4))[0].max() == 1
    assert not table.any()


def test_what_changes_nothing_is_computed_once() -> None:
    text = recorded(lambda X: [X + array_namespace(X).arange(3).sum()], np.ones(2)).__doc__
    assert str(text).count("=") == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda X: [X if X.sum() > 0 else -X],
        lambda X: [X * float(X[0])],
        lambda X: [np.array([1.0]) + np.asarray(X)],
        lambda X: [np.add(X, 1, out=np.empty(2))],
        lambda X: [X.tolist()],
        lambda X: [X.ctypes],
        lambda X: [X.at[0].set(1)],
        lambda X: [np.nonzero(X)[0]],
    ],
)
def test_what_cannot_be_written_down(function: Callable[..., Any]) -> None:
    with pytest.raises(RecordingError):
        recorded(function, np.ones(2))


def test_a_tape_holds_little_memory() -> None:
    def function(X: Any) -> list[Any]:
        for _ in range(20):
            X = X + 1
        return [X]

    recorded(function, np.ones(1 << 16))  # 10 MB
    with pytest.raises(RecordingError, match="16 MB"):
        recorded(function, np.ones(1 << 18))


def test_nothing_is_written_into_arrays() -> None:
    def first_entry(X: Any) -> list[Any]:
        X[0] = 1
        return [X]

    def into_a_new_one(X: Any) -> list[Any]:
        new = np.zeros(2)
        new[:] = X
        return [new]

    for function in (first_entry, into_a_new_one):
        with pytest.raises((RecordingError, ValueError)):
            recorded(function, np.ones(2))
