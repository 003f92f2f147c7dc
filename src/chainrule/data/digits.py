"""The bundled handwritten digits: 1,797 images of 8x8 pixels with values 0 to 16.

The test part of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI
Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/). Changed: packed as uint8 arrays, and divided
once, stratified, into 1,437 samples for training and 360 for testing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule.data.readers.npz import read_arrays

FILE = Path(__file__).with_name("digits.npz")
SOURCE = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, "
    "UCI Machine Learning Repository, 1998, CC BY 4.0; bundled with chainrule"
)


def read_digits() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return (x, y, x_test, y_test): x uint8 (1437, 8, 8) and (360, 8, 8), labels 0..9.

    >>> x, y, x_test, y_test = read_digits()
    >>> x.shape, x.dtype, int(x.max()), y_test.shape
    ((1437, 8, 8), dtype('uint8'), 16, (360,))
    """
    arrays = read_arrays(FILE)
    return arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"]
