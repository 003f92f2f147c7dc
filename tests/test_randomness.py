from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.randomness import Rng, mix, mix_number, permutation

words = st.integers(0, 2**32 - 1)


@given(words)
def test_both_forms_of_the_hash_agree(word: int) -> None:
    assert mix_number(word) == int(mix(np.array([word], np.uint32))[0])


def test_the_hash_is_the_published_one() -> None:
    # lowbias32 as its author states it, in plain integers; it keeps 0 and is one to one.
    def published(x: int) -> int:
        x = (x ^ x >> 16) * 0x7FEB352D % 2**32
        x = (x ^ x >> 15) * 0x846CA68B % 2**32
        return x ^ x >> 16

    inputs = np.arange(0, 2**32, 65_521, dtype=np.uint32)
    hashed = mix(inputs.copy())
    assert [published(int(x)) for x in inputs[:50]] == hashed[:50].tolist()
    assert len(np.unique(hashed)) == len(inputs)
    assert mix_number(0) == 0


def test_a_flipped_bit_flips_half_of_the_bits() -> None:
    inputs = np.arange(2000, dtype=np.uint32) * np.uint32(2_654_435)
    for bit in range(32):
        changed = mix(inputs.copy()) ^ mix(inputs ^ np.uint32(1 << bit))
        assert np.bitwise_count(changed).mean() == pytest.approx(16, abs=0.6)


def test_the_bits_of_a_seed_never_change() -> None:
    # One seed must mean the same weights in every later version: these are fixed for good.
    assert Rng(0).bits((3,)).tolist() == [0, 2926543089, 71125540]
    assert Rng(7).at("0").at("W").bits((1, 2)).tolist() == [[2091566827, 2976528780]]
    assert permutation(1, 2, 6).tolist() == [0, 1, 5, 2, 3, 4]


@pytest.mark.parametrize("seed", [-1, 0, 1, 2**32, 2**40 + 1])
def test_every_coordinate_makes_other_numbers(seed: int) -> None:
    base = Rng(seed, 3).at("0")
    others = [Rng(seed + 1, 3).at("0"), Rng(seed, 4).at("0"), Rng(seed, 3).at("1"), Rng(seed, 3)]
    for other in others:
        assert (base.bits((64,)) == other.bits((64,))).mean() < 0.05
    assert (base.at("a").at("b").bits((64,)) != base.at("b").at("a").bits((64,))).any()


def test_a_sample_has_its_numbers_wherever_it_sits() -> None:
    rows = np.arange(10, dtype=np.uint32)
    whole = Rng(5, 2, rows).bits((10, 3, 4))
    part = Rng(5, 2, rows[[7, 2]]).bits((2, 3, 4))
    np.testing.assert_array_equal(part, whole[[7, 2]])
    assert len(np.unique(whole)) == whole.size


def test_uniform_numbers_are_uniform() -> None:
    values = Rng(3).uniform((100_000,))
    assert values.dtype == np.float32
    assert 0 <= values.min() < 1e-4
    assert 1 - 1e-4 < values.max() < 1
    counts = np.histogram(values, 100, (0, 1))[0]
    chi_squared = ((counts - 1000) ** 2 / 1000).sum()
    assert 50 < chi_squared < 160  # 99 degrees of freedom


def test_normal_numbers_are_normal() -> None:
    values = Rng(3).normal((200_000,)).astype(float)
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.var() == pytest.approx(1, abs=0.02)
    assert (values**3).mean() == pytest.approx(0, abs=0.03)
    assert (values**4).mean() == pytest.approx(3, abs=0.08)
    assert 4 < abs(values).max() < 6
    assert np.isfinite(values).all()


def test_neighbours_are_not_related() -> None:
    rows = np.arange(400, dtype=np.uint32)
    values = Rng(1, 0, rows).uniform((400, 400)).astype(float) - 0.5
    later = Rng(1, 1, rows).uniform((400, 400)).astype(float) - 0.5
    sibling = Rng(2, 0, rows).uniform((400, 400)).astype(float) - 0.5
    for a, b in [
        (values[1:], values[:-1]),
        (values[:, 1:], values[:, :-1]),
        (values, later),
        (values, sibling),
    ]:
        assert abs(12 * (a * b).mean()) < 5 / np.sqrt(a.size)


@given(st.integers(0, 2**64), st.integers(0, 1000), st.integers(0, 300))
def test_an_epochs_order_is_a_permutation_and_a_function(seed: int, epoch: int, n: int) -> None:
    order = permutation(seed, epoch, n)
    np.testing.assert_array_equal(np.sort(order), np.arange(n))
    np.testing.assert_array_equal(order, permutation(seed, epoch, n))


def test_orders_differ_by_seed_and_epoch() -> None:
    orders = {tuple(permutation(s, e, 50).tolist()) for s in range(10) for e in range(10)}
    assert len(orders) == 100


def test_every_position_is_reached_about_equally_often() -> None:
    first = [int(permutation(0, epoch, 10)[0]) for epoch in range(2000)]
    assert np.bincount(first, minlength=10).min() > 140  # 200 expected, deviation 13


def test_the_global_state_of_numpy_is_never_touched() -> None:
    before = np.random.get_state()
    Rng(0).normal((10,))
    permutation(0, 0, 10)
    assert all(np.array_equal(a, b) for a, b in zip(before, np.random.get_state(), strict=True))
