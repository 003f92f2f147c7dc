"""What MLPClassifier and MLPRegressor share: dense layers, their initial weights, the solvers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.neural_network import MLPRegressor as Reference
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_n_features

from chainrule.errors import ConfigurationError, ShapeError, unknown_name
from chainrule.estimators import lbfgs
from chainrule.estimators.base import NetworkEstimator
from chainrule.estimators.drawing import ShuffledOrder, initial_parameters, seed_of
from chainrule.estimators.stopping import ScoreFunction
from chainrule.layers import Dense, Dropout, Layer, ReLU, Sequential, Sigmoid, Tanh
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.optimizers import AdamEpsilonHat, Momentum, Optimizer
from chainrule.penalty import SquaredWeights
from chainrule.step import Data
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
            self._check_lbfgs()
        if any(size < 1 for size in self._sizes()):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {self._sizes()}.")

    def _check_lbfgs(self) -> None:
        if np.any(np.asarray(self.dropout) > 0):
            raise ConfigurationError(
                'dropout needs solver="adam" or "sgd": L-BFGS compares losses of the same '
                f"function, and each mask is another one; got dropout={self.dropout!r}"
            )
        if self.callbacks:
            raise ConfigurationError('callbacks need solver="adam" or "sgd": L-BFGS has no epochs')
        if self.engine not in ("auto", "numpy"):
            raise ConfigurationError(
                f'solver="lbfgs" runs on NumPy alone, got engine={self.engine!r}'
            )

    def _goes_in_parts(self) -> bool:
        return bool(self.solver != "lbfgs")

    def _chosen_type(self, X: Any) -> str:
        exact = self.dtype == "auto" and self.solver == "lbfgs"  # which SciPy does in float64
        return "float64" if exact else super()._chosen_type(X)

    def _holds_out(self) -> bool:
        return bool(self.early_stopping and self.solver != "lbfgs")

    def _train(
        self, data: Data, validate: ScoreFunction | None, generator: Any, incremental: bool
    ) -> None:
        if self.solver == "lbfgs":
            lbfgs.train(self, data, validate)
        else:
            super()._train(data, validate, generator, incremental)

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
        # Masks alone come from it. Without them one seed for all: a compiled program has it inside.
        return seed_of(generator) if np.any(np.asarray(self.dropout) > 0) else 0

    def _order(self, generator: Any, samples: int) -> Callable[[int], Array] | None:
        return ShuffledOrder(generator, samples) if self.shuffle else None

    def set_weights(
        self, coefs: Sequence[Any], intercepts: Sequence[Any], **targets: Any
    ) -> MultilayerPerceptron:
        """Take these weights without fitting: `predict` uses them, a warm start goes on from them.

        W (inputs, units) and b (units,) for each layer, as `coefs_` and `intercepts_` are. A
        classifier needs `classes` as well, and `multilabel=True` where each is yes or no by itself.

        >>> from chainrule.estimators import MLPRegressor
        >>> perceptron = MLPRegressor(hidden_layer_sizes=[1])
        >>> perceptron.set_weights([[[2.0]], [[3.0]]], [[0.0], [1.0]]).predict([[1.0]])
        array([7.])
        """
        self._check()
        matrices = [np.asarray(W) for W in coefs]
        sizes = [W.shape[-1] for W in matrices]
        if len(matrices) != len(intercepts) or sizes[:-1] != self._sizes():
            raise ShapeError(
                f"expected weights and biases of layers of {self._sizes()} units and of the "
                f"outputs, got {len(matrices)} weights of {sizes} and {len(intercepts)} biases"
            )
        sample = np.zeros((1, matrices[0].shape[0]))
        _check_n_features(self, sample, reset=True)
        y = self._example_targets(sizes[-1], **targets)
        self._begin(sample, y, check_random_state(0))
        self.coefs_, self.intercepts_ = matrices, intercepts
        return self

    def _leaves(self, name: str) -> list[Array]:
        if "model_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no weights before fit or set_weights")
        return [leaves[name] for leaves in self.model_.state.params.values() if name in leaves]

    def _exchange(self, name: str, values: Sequence[Any]) -> None:
        self._leaves(name)
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
