import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import hold_out
from chainrule.errors import ConfigurationError


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=60), st.floats(0.01, 0.99), st.integers(0, 5)
)
def test_parts_are_stratified_and_complete(labels, share, seed):
    labels = np.array(labels)
    n = len(labels)
    train, test = hold_out(n, share, seed=seed, labels=labels)
    assert sorted([*train, *test]) == list(range(n))
    assert len(test) == min(max(round(share * n), 1), n - 1)
    for label in np.unique(labels):
        expected = len(test) / n * (labels == label).sum()
        assert abs((labels[test] == label).sum() - expected) < 1


def test_the_seed_decides():
    first, again, other = (hold_out(100, 0.2, seed=s)[1].tolist() for s in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_out_of_range(share):
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        hold_out(10, share)


def test_too_few_to_split():
    with pytest.raises(ConfigurationError, match="cannot be split"):
        hold_out(1, 0.5)
