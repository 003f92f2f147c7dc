"""What all four estimators share: checking, training by chainrule's own loop, answering."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from chainrule.engines.numpy_engine import outputs
from chainrule.engines.threads import blas_libraries
from chainrule.errors import ConfigurationError
from chainrule.estimators.answers import Answers
from chainrule.estimators.sparse import SparseRows
from chainrule.estimators.splitting import Split, hold_out
from chainrule.estimators.stopping import ScoreFunction, Stopping
from chainrule.layers import Layer
from chainrule.losses import Loss
from chainrule.model import Model
from chainrule.model_data import look
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.penalty import SquaredWeights
from chainrule.step import Data, State, predicting
from chainrule.targets import Targets
from chainrule.training.fitting import fit
from chainrule.training.loop import DivergenceError
from chainrule.training.plan import Plan

blas_libraries()  # now, as looking at all loaded libraries would take a quarter of iris's first fit
SMALL = 50_000  # entries of a float64 table up to which "auto" keeps float64


class NetworkEstimator(Answers):
    """Base: subclasses say which network, loss and optimizer; targets come from a mixin."""

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None
    ) -> NetworkEstimator:
        """Train on X (m, n) and y; `validation_data` is (X, y) or (X, y, sample_weight)."""
        return self._fit(X, y, sample_weight, validation_data, incremental=False)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation_data: Any, incremental: bool
    ) -> NetworkEstimator:
        self._check()
        given, fresh = X, not hasattr(self, "model_") or not (self.warm_start or incremental)
        X, y = validate_data(
            self, X, y, multi_output=True, reset=fresh,
            **self._sample_checks(), **self._target_checks(),
        )  # fmt: skip
        y = self._learn_targets(y, fresh, incremental)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        generator = check_random_state(self.random_state)
        if fresh:
            self._begin(X, y, generator, sample_weight)
        weights = self._class_weights(y, sample_weight)
        if validation_data is not None:
            validate = self._judged_by(validation_data)
        elif incremental or not self._holds_out():
            validate = None
        else:
            split = self._split(X, y, sample_weight, generator)
            validate = self._judge(*self._held(given, X, y, weights, sample_weight, split))
            weights = counted(weights, sample_weight, split.kept, split.kept_counts)
            if sample_weight is not None:
                sample_weight = counted(sample_weight, sample_weight, split.kept, split.kept_counts)
            X, y = X[split.kept], y[split.kept]
        data = self._data(X, y, weights)
        look(self.model_, data._replace(weights=sample_weight))
        self._train(data, validate, generator, incremental)
        return self

    def _begin(self, X: Any, y: Array, generator: Any, sample_weight: Any = None) -> None:
        targets = self._targets(y)
        self._build(X.shape[1:], targets, self._chosen_type(X), generator)
        self._stopping = Stopping(self.tol, self.n_iter_no_change, bool(self.verbose))
        self.n_iter_ = self.t_ = 0

    def _build(self, shape: tuple[int, ...], targets: Targets, dtype: str, generator: Any) -> None:
        network, loss = self._network(shape, targets.outputs), self._loss(targets)
        seed = self._seed(generator)
        self.model_ = Model(network, loss, self._optimizer(), seed, dtype=dtype)  # type: ignore[arg-type]
        self.model_.build(shape)
        self.model_.targets = targets
        self._initialize(generator)

    def _data(self, X: Any, y: Array, weights: Array | None) -> Data:
        dtype = self.model_.dtype
        rows: Any = SparseRows(X) if issparse(X) else X
        targets = self._encode(y)
        # NumPy's `take` would copy all of a frame's columns, or of a view's, at each step.
        targets = np.ascontiguousarray(targets, None if targets.dtype.kind == "i" else dtype)
        if rows.dtype != np.uint8:  # pixels become numbers minibatch by minibatch
            rows = rows.astype(dtype, copy=False)
        if not issparse(X):
            rows = np.ascontiguousarray(rows)
        return Data(rows, targets, weights)

    def _judged_by(self, pair: Any) -> ScoreFunction:
        """Return what judges a state by validation data of the user's own."""
        held, truth, *rest = pair
        X_held, y_held = validate_data(
            self, held, truth, multi_output=True, reset=False,
            **self._sample_checks(), **self._target_checks(),
        )  # fmt: skip
        y_held = self._known_targets(y_held)
        weight = _check_sample_weight(rest[0], X_held) if rest else None
        return self._judge(held, X_held, y_held, truth, weight)

    def _split(self, X: Any, y: Array, sample_weight: Array | None, generator: Any) -> Split:
        """Return the rows to train on, and those held out."""
        share, stratify = self.validation_fraction, self._stratified()
        split = hold_out(X, y, sample_weight, share, stratify, generator)
        if len(split.held) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' "
                "or the size of your dataset."
            )
        return split

    def _held(
        self, given: Any, X: Any, y: Array, weights: Any, sample_weight: Any, split: Split
    ) -> tuple[Any, Any, Array, Any, Any]:
        """Return the held-out rows as they came, as they are used, and what they weigh."""
        rows = split.held
        named = hasattr(given, "columns")  # a scorer's `predict` shall see the same names
        held = _safe_indexing(given, rows) if named else X[rows]
        weight = counted(weights, sample_weight, rows, split.held_counts)
        return held, X[rows], y[rows], self._decoded(y[rows]), weight

    def _judge(self, given: Any, X: Any, y: Array, truth: Any, weight: Any) -> ScoreFunction:
        data, model = self._data(X, y, weight), self.model_
        loss = model.trained_loss
        weights = loss.sample_weights(data.weights, len(data.X), np.dtype(model.dtype))
        scorer = None if self.scoring in (None, "loss") else check_scoring(self, self.scoring)
        # Accuracy where a class hardly weighs anything is 1 at once, and says no more after it.
        by_loss = self.scoring == "loss" or (self.scoring is None and self._weighs_classes())

        def judge(state: State) -> tuple[float, float]:
            predicted = predicting(model.optimizer, state)
            Z = outputs(model.trained_layer, predicted, data.X, model.dtype)
            value = float(loss(Z, data.targets, weights)[0])
            if scorer is not None:
                return value, float(scorer(self, given, truth))
            return value, -value if by_loss else self._score(Z, y, weight)

        return judge

    def _train(
        self, data: Data, validate: ScoreFunction | None, generator: Any, incremental: bool
    ) -> None:
        model, stopping = self.model_, self._stopping
        fresh = not (incremental and stopping.losses)
        if fresh:  # as scikit-learn: parameters stay with warm_start, averages do not
            slots = model.optimizer.init(model.state.params)
            model.restore(model.state._replace(optimizer=slots, step=0, factor=None))
        rate, power = self._schedule()
        stopping.begin(self._initial_rate(), rate, power, fresh)
        stopping.validate = validate
        stopping.by_score = validate is not None and self._holds_out()
        stopping.verbose, stopping.tol = bool(self.verbose), self.tol
        stopping.patience = self.n_iter_no_change
        epochs = 1 if incremental else self.max_iter
        size = self.batch_size
        if size != "auto" and size > len(data.X):
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=4,
            )
        size = min(200 if size == "auto" else size, len(data.X))
        order = self._order(generator, len(data.X))
        plan = Plan(len(data.X), size, model.seed, self.shuffle, order)
        task = model.task._replace(penalty=self._penalty(), accuracy=False)
        engine = "numpy" if isinstance(data.X, SparseRows) else self.engine
        first = model.history.epochs
        try:
            history = fit(
                model, task, data, None, plan, epochs, verbose=0, engine=engine,
                callbacks=[stopping, *(self.callbacks or ())],
            )  # fmt: skip
        except DivergenceError as error:
            raise ValueError(
                f"Solver produced non-finite parameter weights. The input data may contain large "
                f"values and need to be preprocessed. {error}"
            ) from None
        self.n_iter_ = history.epochs - first
        self._record()
        if history.stopped and history.stopped.startswith("interrupted"):
            warnings.warn("Training interrupted by user.", stacklevel=4)
        elif not incremental and not stopping.converged and not history.stopped:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                f"optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _record(self) -> None:
        """Set the attributes that scikit-learn's users look at."""
        stopping = self._stopping
        judged, stops = bool(stopping.scores), stopping.by_score
        self.t_ = stopping.seen
        self.loss_curve_ = list(stopping.losses)
        self.loss_ = stopping.losses[-1]
        self.best_loss_ = None if stops else stopping.best_loss
        self.validation_scores_ = list(stopping.scores) if judged else None
        self.validation_loss_curve_ = list(stopping.validation_losses) if judged else None
        self.best_validation_score_ = stopping.best_score if stops else None
        stopping.validate = None

    # What the four of them answer differently. Here: as a plain chainrule network has it.

    def _check(self) -> None:
        """Raise for parameters that cannot be."""
        if self.dtype not in ("auto", "float32", "float64"):
            raise ConfigurationError(
                f'dtype must be "auto", "float32" or "float64", got {self.dtype!r}'
            )

    def _chosen_type(self, X: Any) -> str:
        if self.dtype != "auto":
            return str(self.dtype)
        return "float64" if X.dtype == np.float64 and prod(X.shape) <= SMALL else "float32"

    def _weighs_classes(self) -> bool:
        return getattr(self, "class_weight", None) is not None

    def _holds_out(self) -> bool:
        return bool(self.early_stopping)

    def _goes_in_parts(self) -> bool:
        return True

    def _initialize(self, generator: Any) -> None:
        """Draw initial parameters; the model has its own already."""

    def _seed(self, generator: Any) -> int:
        return int(generator.randint(2**31 - 1))

    def _order(self, generator: Any, samples: int) -> Callable[[int], Array] | None:
        return None

    def _penalty(self) -> SquaredWeights | None:
        return None

    def _schedule(self) -> tuple[str, float]:
        return "constant", 0.5

    def _initial_rate(self) -> float:
        return 1.0

    def _network(self, shape: Sequence[int], outputs: int) -> Layer:
        raise NotImplementedError

    def _loss(self, targets: Targets) -> Loss:
        raise NotImplementedError

    def _optimizer(self) -> Optimizer | None:
        raise NotImplementedError


def counted(weights: Any, sample_weight: Any, rows: Array, counts: Array | None) -> Array | None:
    """Return what each of `rows` weighs in a part of the data where it is `counts` times."""
    if weights is None:
        return None
    return weights[rows] if counts is None else weights[rows] * (counts / sample_weight[rows])
