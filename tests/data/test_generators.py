import numpy as np
import pytest

from chainrule.data import make_circles, make_moons, make_spirals, make_xor
from chainrule.errors import ConfigurationError

MAKERS = [make_xor, make_moons, make_circles, make_spirals]


@pytest.mark.parametrize("make", MAKERS)
def test_seeded_and_shaped(make):
    x, y = make(300, seed=1)
    assert x.shape == (300, 2)
    assert x.dtype == np.float32
    assert y.dtype == np.int64
    assert y.shape == (300,)
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= (150 if make is make_xor else 1)
    np.testing.assert_array_equal(x, make(300, seed=1)[0])
    assert not np.array_equal(x, make(300, seed=2)[0])


@pytest.mark.parametrize("make", MAKERS)
def test_numpys_global_state_is_left_alone(make):
    before = np.random.get_state()[1].tobytes()
    make(50)
    assert np.random.get_state()[1].tobytes() == before


def test_noise_has_the_size_it_is_given():
    spread = make_xor(4000, noise=0.25)[0] - make_xor(4000, noise=0)[0]
    assert abs(spread.std() - 0.25) < 0.01
    assert abs(spread.mean()) < 0.01


def test_the_shapes_are_the_formulas():
    x, y = make_circles(100, noise=0, factor=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 1, 0.3, 1), atol=1e-6)
    x, y = make_moons(100, noise=0)
    centre = np.where(y[:, None] == 1, [1, 0.5], [0, 0])
    np.testing.assert_allclose(np.hypot(*(x - centre).T), 1, atol=1e-6)
    x, y = make_spirals(99, noise=0, arms=3, turns=0.5)
    r = np.hypot(*x.T)
    turned = np.arctan2(x[:, 1], x[:, 0]) - 2 * np.pi * (0.5 * r + y / 3)
    np.testing.assert_allclose(np.cos(turned[r > 0.01]), 1, atol=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: make_xor(3),
        lambda: make_moons(1),
        lambda: make_moons(10, noise=-1),
        lambda: make_circles(10, factor=1),
        lambda: make_spirals(10, arms=1),
        lambda: make_spirals(2, arms=3),
    ],
)
def test_values_out_of_range(call):
    with pytest.raises(ConfigurationError, match="expected"):
        call()
