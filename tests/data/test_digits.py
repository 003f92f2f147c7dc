import hashlib

import numpy as np
import pytest

from chainrule.data import digits, load


def test_the_bundled_file_is_the_one_that_was_packed():
    expected = "755dfd40a53142a53ab504e1c7fc7d32af3612e28b23e5cfbcfc2c9822833598"
    assert hashlib.sha256(digits.FILE.read_bytes()).hexdigest() == expected
    assert digits.FILE.stat().st_size < 60_000


def test_shapes_and_balance():
    (x, y), (x_test, y_test) = load("digits", seed=5)
    assert (x.shape, x_test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert x.dtype == np.uint8
    assert y.dtype == np.int64
    assert x.max() == 16
    assert np.bincount(y_test).min() >= 35


def test_same_images_as_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    (x, y), (x_test, y_test) = load("digits")
    theirs = datasets.load_digits()

    def rows(images, labels):
        return sorted(
            (image.astype(np.uint8).tobytes(), int(label))
            for image, label in zip(images, labels, strict=True)
        )

    assert sorted(rows(x, y) + rows(x_test, y_test)) == rows(theirs.images, theirs.target)
