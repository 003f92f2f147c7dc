"""The picture of a large array, read back by an imaging library."""

from __future__ import annotations

import io

import numpy as np
import pytest

from chainrule.explaining.heat import NEGATIVE, POSITIVE, folded, png, shrunk
from chainrule.explaining.inside import entries, figure

image = pytest.importorskip("PIL.Image")


def test_the_sign_is_a_colour_and_the_size_its_strength() -> None:
    picture = image.open(io.BytesIO(png(np.array([[0.0, 1.0, 0.25], [-1.0, -0.25, 0.0]]))))
    pixels = np.asarray(picture.convert("RGBA"))
    assert pixels.shape == (2, 3, 4)
    assert tuple(pixels[0, 1, :3]) == POSITIVE
    assert tuple(pixels[1, 0, :3]) == NEGATIVE
    assert pixels[0, 0, 3] == 0
    assert pixels[0, 1, 3] == 255
    assert 0 < pixels[0, 2, 3] < 255


@pytest.mark.parametrize("values", [np.zeros((2, 2)), np.array([[np.nan, np.inf, 1.0]])])
def test_nothing_breaks_the_picture(values: np.ndarray) -> None:
    assert image.open(io.BytesIO(png(values))).size == values.shape[::-1]


@pytest.mark.parametrize(
    ("shape", "grid"),
    [((3, 4), (3, 4)), ((784, 1), (28, 28)), ((1, 784), (28, 28)), ((128,), (2, 64)),
     ((1, 28, 28), (28, 28)), ((2, 3, 5, 5), (5, 35)), ((1, 70), (2, 64))],
)  # fmt: skip
def test_arrays_are_folded_into_grids(shape: tuple[int, ...], grid: tuple[int, int]) -> None:
    assert folded(np.zeros(shape)).shape == grid


def test_a_large_array_keeps_its_largest_entries_when_shrunk() -> None:
    values = np.zeros((2000, 3000))
    values[1234, 2345] = -7.0
    small = shrunk(values)
    assert small.shape[0] <= 160
    assert small.shape[1] <= 256
    assert small.min() == -7.0


def test_what_lies_inside_is_told() -> None:
    values = np.zeros((30, 40))
    values[4, 6] = -2.5
    text = figure("W", values)
    assert "[5,7] −2.5000" in text
    assert "30×40: −2.5000 … 0" in text
    assert "The first entries" in text
    assert "All entries" in entries(np.arange(20.0)[:, None])
