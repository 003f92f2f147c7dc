from __future__ import annotations

import numpy as np
import pytest

from chainrule.cli.curves import curves
from chainrule.cli.pictures import can_be_drawn, draw, gallery


def test_full_and_empty():
    assert draw(np.array([[0, 1], [0, 1], [1, 0], [1, 1]])) == [" █", "█▄"]


def test_an_odd_height_is_filled_up():
    assert draw(np.ones((3, 2))) == ["██", "▀▀"]


def test_a_gallery_breaks_at_the_width_and_crops_the_common_margin():
    x = np.zeros((3, 20, 20))
    x[:, 4:18, 5:19] = 1
    lines = gallery(x, ["one", "two", "three"], width=35).splitlines()
    assert max(map(len, lines)) == 14 + 3 + 14
    assert lines[7].split() == ["one", "two"]
    assert lines[-1] == "three"


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [((28, 28), True), ((8, 8, 1), True), ((8, 8, 3), True), ((784,), False), ((200, 200), False)],
)
def test_what_can_be_drawn(shape, drawn):
    assert can_be_drawn(np.zeros((1, *shape))) is drawn


def test_colours_become_grey():
    assert gallery(np.eye(16)[None, :, :, None] * [255, 255, 255], ["x"]).startswith("▀▄\n  ▀▄")


def test_a_flat_curve_and_a_single_epoch_can_be_drawn():
    assert "1.000" in curves([1.0, 1.0, 1.0])
    assert "1..1 epoch" in curves([0.5], [0.7])
