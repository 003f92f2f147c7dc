"""Which array library an array belongs to: numpy, or jax.numpy while it is being compiled.

Layers, losses and optimizers ask their arrays instead of importing a library, so the same
lines run on both engines.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def array_namespace(X: Array) -> Any:
    """Return the module whose functions work on `X`.

    >>> array_namespace(np.zeros(2)).__name__
    'numpy'
    """
    return np if type(X) is np.ndarray else X.__array_namespace__()
