from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes

import chainrule as cr


@given(array_shapes(min_dims=2, max_dims=5, max_side=4))
def test_flatten_keeps_every_entry_and_folds_the_gradient_back(shape: tuple[int, ...]) -> None:
    X = np.arange(prod(shape)).reshape(shape)
    Y, cache = cr.Flatten().forward({}, X)
    assert Y.shape == (shape[0], *cr.Flatten().output_shape(shape[1:]))
    np.testing.assert_array_equal(Y.ravel(), X.ravel())
    np.testing.assert_array_equal(cr.Flatten().backward({}, cache, Y)[0], X)


def test_scale_brings_pixels_to_0_to_1() -> None:
    Y, _ = cr.Scale(1 / 255).forward({}, np.array([[0, 51, 255]], np.float32))
    np.testing.assert_allclose(Y, [[0, 0.2, 1]], rtol=1e-6)


@pytest.mark.parametrize("factor", [0, float("inf"), float("nan"), "2", None])
def test_a_factor_that_destroys_the_input_is_refused(factor: object) -> None:
    with pytest.raises(cr.ConfigurationError, match="Scale: factor must be a finite number other"):
        cr.Scale(factor)  # type: ignore[arg-type]
