import numpy as np
import pytest

from showing import compare, gap, refusal


def test_gap_is_the_largest_difference_of_equal_shapes():
    assert gap([1.0, 2.0], [1.0, 2.5]) == 0.5
    with pytest.raises(ValueError, match=r"\(2,\) and \(2, 1\)"):
        gap([1.0, 2.0], [[1.0], [2.0]])


def test_compare_prints_the_name_and_the_difference(capsys):
    assert compare("dW", np.ones((2, 3)), np.ones((2, 3))) == 0
    assert "dW" in (printed := capsys.readouterr().out)
    assert "(2, 3)" in printed


def test_refusal_returns_numpys_words_and_notices_when_there_are_none():
    assert "matmul" in refusal(lambda: np.ones((2, 3)) @ np.ones((2, 3)))
    with pytest.raises(AssertionError, match="did not refuse"):
        refusal(lambda: np.ones(2) + 1)
