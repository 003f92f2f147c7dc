"""A sparse matrix as samples: what a step takes from an array, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.namespace import Array


class SparseRows:
    """Rows of a SciPy matrix in CSR; a first layer's X @ W and X.T @ dY stay sparse."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix.tocsr()
        self.shape, self.dtype, self.ndim = matrix.shape, matrix.dtype, 2

    def __len__(self) -> int:
        return int(self.shape[0])

    def __array_namespace__(self) -> Any:
        return np

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.matrix.toarray(), dtype)

    def __getitem__(self, rows: Any) -> SparseRows:
        return SparseRows(self.matrix[rows])

    def take(self, indices: Array, axis: int = 0, out: Any = None, mode: str = "clip") -> Any:
        return self[indices]

    def astype(self, dtype: Any, copy: bool = True) -> SparseRows:
        return SparseRows(self.matrix.astype(dtype, copy=copy))

    @property
    def T(self) -> Any:
        return self.matrix.T

    def __matmul__(self, W: Array) -> Array:
        return np.asarray(self.matrix @ W)
