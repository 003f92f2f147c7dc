"""NetworkClassifier and NetworkRegressor: any chainrule network as an estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from chainrule.errors import ConfigurationError
from chainrule.estimators.base import NetworkEstimator
from chainrule.estimators.targets import Classes, Values
from chainrule.layers import Dense, Layer, ReLU, Sequential, Standardize
from chainrule.losses import Loss, StandardizedSquaredError
from chainrule.namespace import Array
from chainrule.optimizers import AdamW, Optimizer
from chainrule.targets import Targets


class Seen(NamedTuple):
    """What the defaults ask of the data: a row of weight 2 is two rows."""

    rows: float
    mean: float
    spread: float
    sparse: bool


class AnyNetwork(NetworkEstimator):
    """Base: a network, and a Dense layer for the answers.

    What is None is chosen for a table: `Standardize` (not of sparse input) and a hidden layer of
    128 ReLU; `AdamW(0.002)` with a weight decay of 300 / rows, from 0.1 to 1, as few rows weigh
    less against what is likely beforehand; for one number as target, its own scale.
    docs/estimators.md has how that was found.
    """

    def __init__(
        self,
        network: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        batch_size: Any = "auto",
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        n_iter_no_change: Any = 10,
        verbose: Any = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        scoring: Any = None,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        output_layer: bool = True,
    ) -> None:
        self.network = network
        self.loss = loss
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.scoring = scoring
        self.callbacks = callbacks
        self.engine = engine
        self.dtype = dtype
        self.output_layer = output_layer

    def _begin(self, X: Any, y: Array, generator: Any, sample_weight: Any = None) -> None:
        weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        total = float(weights.sum())
        mean = spread = 0.0
        if y.shape[1:] == (1,) and y.dtype.kind in "fiu" and total > 0:
            mean = float(weights @ y[:, 0] / total)
            spread = float(np.sqrt(weights @ (y[:, 0] - mean) ** 2 / total))
        self._seen = Seen(total, mean, spread, issparse(X))
        super()._begin(X, y, generator, sample_weight)

    def _network(self, shape: Sequence[int], outputs: int) -> Layer:
        network = self.network
        if network is None:
            scaling = () if self._seen.sparse else (Standardize(),)
            network = Sequential(*scaling, Dense(128), ReLU())
        if not isinstance(network, Layer):
            raise ConfigurationError(f"network must be a chainrule layer, got {network!r}")
        if not self.output_layer:
            return network
        inside = network.layers if isinstance(network, Sequential) else (network,)
        return Sequential(*inside, Dense(outputs))

    def _sample_checks(self) -> dict[str, Any]:
        types = (np.float64, np.float32, np.uint8)
        return {"accept_sparse": self._takes_sparse() and "csr", "dtype": types, "allow_nd": True}

    def _takes_sparse(self) -> bool:
        first = self.network
        while isinstance(first, Sequential) and first.layers:
            first = first.layers[0]
        return first is None or isinstance(first, Dense)

    def _loss(self, targets: Targets) -> Loss:
        if self.loss is None and targets.kind == "values" and self._seen.spread:
            return StandardizedSquaredError(self._seen.mean, self._seen.spread)
        plain = "squared_error" if targets.kind == "values" else "log_loss"
        return self._named_loss(plain if self.loss is None else self.loss, targets)

    def _optimizer(self) -> Optimizer | None:
        if self.optimizer is None:
            return AdamW(0.002, weight_decay=min(1.0, max(0.1, 300 / max(self._seen.rows, 1))))
        optimizer: Optimizer = self.optimizer
        return optimizer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse()
        return tags


class NetworkClassifier(Classes, AnyNetwork):
    """Any chainrule network as a classifier; `output_layer` adds Dense(outputs) at its end.

    Without arguments it is one that suits a table as it comes: it scales by itself.

    >>> import chainrule as cr
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> network = cr.Sequential(cr.Standardize(), cr.Dense(16), cr.Tanh())
    >>> classifier = NetworkClassifier(network, optimizer=cr.Adam(0.02), random_state=0).fit(X, y)
    >>> bool(classifier.score(X, y) > 0.9)
    True
    """


class NetworkRegressor(Values, AnyNetwork):
    """Any chainrule network as a regressor; see `NetworkClassifier`."""
