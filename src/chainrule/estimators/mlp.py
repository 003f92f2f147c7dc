"""MLPClassifier and MLPRegressor, with scikit-learn's parameters and what is missing there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.neural_network import MLPRegressor as Reference

from chainrule.errors import ConfigurationError, unknown_name
from chainrule.estimators.base import NetworkEstimator
from chainrule.estimators.drawing import ShuffledOrder, initial_parameters, seed_of
from chainrule.estimators.targets import Classes, Values
from chainrule.layers import Dense, Dropout, Layer, ReLU, Sequential, Sigmoid, Tanh
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.optimizers import AdamEpsilonHat, Momentum, Optimizer
from chainrule.penalty import SquaredWeights
from chainrule.targets import Targets

ACTIVATIONS: dict[str, Layer | None] = {
    "identity": None, "logistic": Sigmoid(), "tanh": Tanh(), "relu": ReLU()
}  # fmt: skip


class MultilayerPerceptron(NetworkEstimator):
    """Base: dense layers with an activation after each hidden one."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        name: rule
        for name, rule in Reference._parameter_constraints.items()
        if name not in ("activation", "loss")
    }

    def _check(self) -> None:
        super()._check()
        self._validate_params()
        if self.solver == "lbfgs":
            raise ConfigurationError(
                'solver="lbfgs" is not among these estimators\' yet: take "adam" or "sgd", '
                "or chainrule.fit_lbfgs on a Model"
            )
        if any(size < 1 for size in self._sizes()):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {self._sizes()}.")

    def _sizes(self) -> list[int]:
        return [int(size) for size in np.atleast_1d(self.hidden_layer_sizes)]

    def _network(self, shape: Sequence[int], outputs: int) -> Layer:
        sizes = self._sizes()
        layers: list[Layer] = []
        rates = self._each(self.dropout, len(sizes), "dropout")
        activations = self._each(self.activation, len(sizes), "activation")
        for size, activation, rate in zip(sizes, activations, rates, strict=True):
            layers.append(Dense(size))
            if isinstance(activation, str) and activation not in ACTIVATIONS:
                raise unknown_name("activation", activation, ACTIVATIONS)
            layer = ACTIVATIONS[activation] if isinstance(activation, str) else activation
            layers += [] if layer is None else [layer]
            layers += [Dropout(float(rate))] if rate else []
        self.n_layers_ = len(sizes) + 2
        return Sequential(*layers, Dense(outputs))

    def _each(self, value: Any, count: int, name: str) -> list[Any]:
        """Return one value for each hidden layer."""
        if isinstance(value, str | Layer) or not isinstance(value, Iterable):
            return [value] * count
        values = list(value)
        if len(values) != count:
            raise ConfigurationError(
                f"{name} must be one for all, or one for each of the {count} hidden layers, "
                f"got {len(values)}"
            )
        return values

    def _loss(self, targets: Targets) -> Loss:
        return self._named_loss(self.loss, targets)

    def _optimizer(self) -> Optimizer:
        if self.solver == "adam":
            return AdamEpsilonHat(self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)
        nesterov = bool(self.nesterovs_momentum and self.momentum)
        return Momentum(self.learning_rate_init, self.momentum, nesterov)

    def _schedule(self) -> tuple[str, float]:
        return (self.learning_rate if self.solver == "sgd" else "constant"), self.power_t

    def _initial_rate(self) -> float:
        return float(self.learning_rate_init)

    def _penalty(self) -> SquaredWeights | None:
        return SquaredWeights(float(self.alpha)) if self.alpha else None

    def _initialize(self, generator: Any) -> None:
        state, factor = self.model_.state, 2.0 if self.activation == "logistic" else 6.0
        drawn = initial_parameters(state.params, generator, factor, self.model_.dtype)
        self.model_.restore(state._replace(params=drawn))

    def _seed(self, generator: Any) -> int:
        return seed_of(generator)

    def _order(self, generator: Any, samples: int) -> Callable[[int], Array] | None:
        return ShuffledOrder(generator, samples) if self.shuffle else None

    def _leaves(self, name: str) -> list[Array]:
        if "model_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no weights before fit")
        return [leaves[name] for leaves in self.model_.state.params.values() if name in leaves]

    def _exchange(self, name: str, values: Sequence[Any]) -> None:
        paths = [path for path, leaves in self.model_.state.params.items() if name in leaves]
        new = {f"{path}.{name}": v for path, v in zip(paths, values, strict=True)}
        self.model_.set_parameters(new)

    @property
    def coefs_(self) -> list[Array]:
        """The weight matrices; may be set."""
        return self._leaves("W")

    @coefs_.setter
    def coefs_(self, values: Sequence[Any]) -> None:
        self._exchange("W", values)

    @property
    def intercepts_(self) -> list[Array]:
        """The biases; may be set."""
        return self._leaves("b")

    @intercepts_.setter
    def intercepts_(self, values: Sequence[Any]) -> None:
        self._exchange("b", values)


class MLPClassifier(Classes, MultilayerPerceptron):
    """scikit-learn's MLPClassifier, trained by chainrule: same parameters, defaults and attributes.

    What is added: `dropout` after each hidden layer (a rate, or one for each), `activation` for
    each layer (names or chainrule layers), `loss` ("log_loss", "hinge" for two classes, or a
    chainrule loss), `class_weight` ("balanced" or a mapping), `scoring` (what early stopping
    watches: None for accuracy, "loss", or a scorer of scikit-learn), `callbacks`, `engine`, and
    `dtype`: "auto" keeps float64 for small tables and takes float32 above 50,000 entries.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier(dropout=0.1, max_iter=500, random_state=0).fit(X, y)
    >>> bool(classifier.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        scoring: Any = None,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        loss: Any = "log_loss",
        class_weight: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.scoring = scoring
        self.callbacks = callbacks
        self.engine = engine
        self.dtype = dtype
        self.loss = loss
        self.class_weight = class_weight


class MLPRegressor(Values, MultilayerPerceptron):
    """scikit-learn's MLPRegressor, trained by chainrule: same parameters, defaults and attributes.

    `loss` may also be "absolute_error", "huber", "log_cosh" or a chainrule loss; what else is added
    is described at `MLPClassifier`.
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        scoring: Any = None,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.scoring = scoring
        self.callbacks = callbacks
        self.engine = engine
        self.dtype = dtype
        self.loss = loss
