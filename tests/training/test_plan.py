from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.training import plan
from chainrule.training.plan import Pace, Plan, split


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5), st.booleans())
def test_every_epoch_takes_every_sample_once(n: int, size: int, epoch: int, shuffle: bool) -> None:
    blocks = list(Plan(n, size, seed=3, shuffle=shuffle).blocks(epoch))
    taken = np.concatenate([block.ravel() for block in blocks])
    np.testing.assert_array_equal(np.sort(taken), np.arange(n))
    assert [block.shape[1] for block in blocks] == [s for s in (size, n % size) if 0 < s <= n]
    if not shuffle:
        np.testing.assert_array_equal(taken, np.arange(n))


@given(st.integers(2, 200), st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_split_is_two_parts_of_the_whole(n: int, share: float, seed: int) -> None:
    held_out = round(n * share)
    if not 0 < held_out < n:
        with pytest.raises(cr.ConfigurationError, match="leaves an empty part"):
            split(n, share, seed)
        return
    training, validation = split(n, share, seed)
    assert len(validation) == held_out
    np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(n))
    assert (np.diff(training) > 0).all()
    assert (np.diff(validation) > 0).all()


def test_another_seed_splits_otherwise() -> None:
    assert split(100, 0.3, 1)[1].tolist() != split(100, 0.3, 2)[1].tolist()
    assert split(100, 0.3, 1)[1].tolist() == split(100, 0.3, 1)[1].tolist()


@pytest.mark.parametrize(("batch_size", "expected"), [(None, 10), (99, 10), (3, 3)])
def test_a_batch_is_never_larger_than_the_data(batch_size: int | None, expected: int) -> None:
    assert Plan.of(10, batch_size, seed=0, shuffle=True).batch_size == expected


def test_a_few_slow_steps_make_a_chunk_and_very_slow_ones_go_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths = {}
    for milliseconds in (1, 20, 30, 60, 90, 150, 900):
        now = iter((0.0, milliseconds / 1000))
        monkeypatch.setattr(plan, "perf_counter", lambda now=now: next(now))
        pace = Pace(seconds=0.1)
        pace.steps = 100
        pace.started = plan.perf_counter()
        pace.done(1)
        lengths[milliseconds] = pace.steps
    assert lengths == {1: 100, 20: 5, 30: 4, 60: 3, 90: 2, 150: 1, 900: 1}


def test_a_chunk_grows_at_most_tenfold_and_never_below_one_step() -> None:
    pace = Pace(seconds=1e9)
    lengths = []
    for _ in range(4):
        lengths.append(pace.next(10**6))
        pace.done(lengths[-1])
    assert lengths == [1, 10, 100, 1000]
    slow = Pace(seconds=1e-12)
    slow.next(9)
    slow.done(1)
    assert slow.next(9) == 1
    fixed = Pace(fixed=5)
    fixed.next(9)
    fixed.done(5)
    assert fixed.next(9) == 5
    assert fixed.next(4) == 4


def test_what_is_left_of_an_epoch_is_shared_out_evenly() -> None:
    pace = Pace()
    pace.steps = 40
    assert [pace.next(left) for left in (101, 67, 34)] == [34, 34, 34]
    assert pace.next(40) == 40
    paused = Pace(taken=30, pauses=[40])
    paused.steps = 40
    assert paused.next(101) == 10


def test_the_first_chunk_is_one_step_unless_a_step_is_known() -> None:
    assert Pace(seconds=0.1).next(999) == 1
    assert Pace(seconds=0.1, each=0.001).next(200) == 100
    assert Pace(seconds=0.1, each=0.001, fixed=3).next(200) == 3
    assert Pace(seconds=0.1, each=9.0).next(200) == 1
