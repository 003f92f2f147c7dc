"""The cost model agrees with sums done by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.cost_model import Link, Work, best, exchange, speedup, step

LINK = Link("a link", 1e9, 1e-5)
WORK = Work("a network", 0.1, 0.002, 4e6)


def test_the_exchange_of_two_and_of_four():
    assert exchange(4e6, 1, LINK) == 0
    assert exchange(4e6, 2, LINK) == pytest.approx(4e-3 + 2e-5)
    assert exchange(4e6, 4, LINK) == pytest.approx(6e-3 + 4e-5)
    assert exchange(1e3, 4, LINK) == pytest.approx(2 * (1e-6 + 1e-5))  # short: whole, there only


def test_a_step_and_the_gain():
    assert step(WORK, 2, LINK) == pytest.approx(0.05 + 0.002 + 0.004 + 2e-5)
    assert speedup(WORK, 2, LINK) == pytest.approx(0.102 / 0.05602)


def test_a_slow_link_pays_for_fewer_processes():
    slow, fast = Link("slow", 1e8, 1e-4), Link("fast", 1e10, 1e-6)
    assert best(WORK, slow) < best(WORK, fast)
    assert best(WORK, Link("none", 1e3, 1.0)) == 1
