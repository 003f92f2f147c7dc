from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.description import from_config, to_config
from chainrule.initializers import fans
from chainrule.randomness import Rng

SHAPE = (300, 200)
# Initializer, its largest possible absolute value (None: unbounded), its mean and its deviation.
TABLE = [
    (cr.Zeros(), 0, 0, 0),
    (cr.Constant(0.25), 0.25, 0.25, 0),
    (cr.Uniform(), 1, 0, sqrt(1 / 3)),
    (cr.Uniform(0.0, 0.5), 0.5, 0.25, 0.5 / sqrt(12)),
    (cr.Normal(), None, 0, 1),
    (cr.Normal(0.02), None, 0, 0.02),
    (cr.GlorotUniform(), sqrt(6 / 500), 0, sqrt(2 / 500)),
    (cr.GlorotNormal(), None, 0, sqrt(2 / 500)),
    (cr.HeUniform(), sqrt(6 / 300), 0, sqrt(2 / 300)),
    (cr.HeNormal(), None, 0, sqrt(2 / 300)),
    (cr.LeCunNormal(), None, 0, sqrt(1 / 300)),
]
every_initializer = pytest.mark.parametrize("initializer", [row[0] for row in TABLE], ids=repr)


def test_every_exported_initializer_has_a_row() -> None:
    kinds = [c for c in vars(cr).values() if isinstance(c, type) and issubclass(c, cr.Initializer)]
    assert {type(row[0]) for row in TABLE} == set(kinds) - {cr.Initializer}


@pytest.mark.parametrize(("initializer", "largest", "mean", "deviation"), TABLE, ids=repr)
def test_the_distribution_is_the_papers(
    initializer: cr.Initializer, largest: float | None, mean: float, deviation: float
) -> None:
    values = initializer.draw(Rng(1), SHAPE).astype(float)
    # Five standard errors of a mean, and of a deviation, from 60,000 draws.
    assert abs(values.mean() - mean) <= 5 * deviation / sqrt(values.size)
    assert abs(values.std() - deviation) <= 5 * deviation / sqrt(2 * values.size)
    if largest is not None:
        assert abs(values).max() <= largest * (1 + 1e-6)


@every_initializer
@pytest.mark.parametrize("shape", [(3,), (4, 2), (3, 3, 2, 5)])
def test_a_draw_has_the_shape_and_is_a_function_of_its_point(
    initializer: cr.Initializer, shape: tuple[int, ...]
) -> None:
    values = initializer.draw(Rng(1), shape)
    assert values.shape == shape
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, initializer.draw(Rng(1), shape))
    if not isinstance(initializer, cr.Zeros | cr.Constant):
        assert (values != initializer.draw(Rng(2), shape)).any()
        assert (values != initializer.draw(Rng(1).at("W"), shape)).any()


@pytest.mark.parametrize(
    ("shape", "expected"), [((784, 128), (784, 128)), ((3, 3, 8, 16), (72, 16))]
)
def test_fans_count_the_inputs_of_a_unit_and_the_units(shape: Any, expected: Any) -> None:
    assert fans(shape) == expected


@every_initializer
def test_an_initializer_survives_its_repr_and_its_configuration(
    initializer: cr.Initializer,
) -> None:
    assert eval(repr(initializer), dict(vars(cr))) == initializer
    assert from_config(to_config(initializer), cr.Initializer) == initializer
