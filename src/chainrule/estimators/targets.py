"""How y becomes what a loss takes, and how outputs become answers: for classes and for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from chainrule.errors import ShapeError, unknown_name
from chainrule.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    LogCosh,
    Loss,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from chainrule.namespace import Array
from chainrule.targets import Targets

VALUE_LOSSES = {
    "squared_error": SquaredError(),
    "poisson": Poisson(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "log_cosh": LogCosh(),
}
PROBABLE = (SoftmaxCrossEntropy, SigmoidCrossEntropy, CrossEntropy, BinaryCrossEntropy)


def goes_in_parts(estimator: Any) -> bool:
    """Say whether there is a `partial_fit`."""
    return bool(estimator._goes_in_parts())


class Classes(ClassifierMixin):  # type: ignore[misc]
    """Two classes and labels by the hundred as flags, more than two classes as labels."""

    @available_if(goes_in_parts)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        validation_data: Any = None,
    ) -> Any:
        """Go over the samples once; the first call needs all `classes`."""
        if _check_partial_fit_first_call(self, classes):
            many = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if many else classes)
        return self._fit(X, y, sample_weight, validation_data, incremental=True)

    def _target_checks(self) -> dict[str, Any]:
        return {}

    def _learn_targets(self, y: Array, fresh: bool, incremental: bool) -> Array:
        check_classification_targets(y)
        if fresh and not incremental:
            if y.ndim == 2 and y.shape[1] == 1:
                y = column_or_1d(y, warn=True)
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            learnt: Array = self._label_binarizer.transform(y)
            return learnt
        if not incremental and set(unique_labels(y)) != set(self.classes_):
            raise ValueError(
                f"warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {unique_labels(y)}"
            )
        return self._known_targets(y)

    def _known_targets(self, y: Array) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        strangers = np.setdiff1d(unique_labels(y), self.classes_)
        if len(strangers):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {strangers}."
            )
        binary: Array = self._label_binarizer.transform(y)
        return binary

    def _example_targets(self, outputs: int, classes: Any, multilabel: bool = False) -> Array:
        """Learn the classes, and return targets of some samples that have them."""
        known = np.unique(classes)
        if outputs != (1 if len(known) == 2 and not multilabel else len(known)):
            raise ShapeError(f"{len(known)} classes do not fit {outputs} outputs")
        many = np.vstack([np.eye(len(known), dtype=int), np.ones(len(known), int)])
        return self._learn_targets(many if multilabel else known, fresh=True, incremental=False)

    def _targets(self, y: Array) -> Targets:
        self.n_outputs_ = y.shape[1]
        several = self._label_binarizer.y_type_ == "multiclass"
        self.out_activation_ = "softmax" if several else "logistic"
        return Targets("labels" if several else "flags", y.shape[1])

    def _encode(self, y: Array) -> Array:
        return y.argmax(axis=1).astype(np.int32) if self.out_activation_ == "softmax" else y

    def _decoded(self, y: Array) -> Array:
        return self._label_binarizer.inverse_transform(y)

    def _stratified(self) -> bool:
        return self.n_outputs_ == 1

    def _class_weights(self, y: Array, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return weights
        truth = self._decoded(y)
        if truth.ndim == 2:
            factors = compute_sample_weight(self.class_weight, truth)
        else:
            counted = slice(None) if weights is None else weights > 0
            classes = np.unique(truth[counted])
            each = compute_class_weight(
                self.class_weight, classes=classes, y=truth[counted],
                sample_weight=None if weights is None else weights[counted],
            )  # fmt: skip
            factors = np.ones(len(truth))
            factors[counted] = each[np.searchsorted(classes, truth[counted])]
        return factors if weights is None else factors * weights

    def _named_loss(self, loss: Any, targets: Targets) -> Loss:
        several = targets.kind == "labels"
        known: dict[str, Loss] = {
            "log_loss": SoftmaxCrossEntropy() if several else SigmoidCrossEntropy()
        }
        if not several:
            known["hinge"] = Hinge()
        if isinstance(loss, Loss):
            return loss
        if loss not in known:
            raise unknown_name("loss for these classes", str(loss), known)
        return known[loss]

    def _answers(self, Z: Array) -> Array:
        loss = self.model_.trained_loss
        if self.out_activation_ == "softmax":
            return self.classes_[Z.argmax(axis=1)]
        flags = (loss.threshold < Z).astype(int)
        return self._decoded(flags[:, 0] if self.n_outputs_ == 1 else flags)

    def _score(self, Z: Array, y: Array, weight: Any) -> float:
        if not np.isfinite(Z).all():
            return float("nan")
        return float(accuracy_score(self._decoded(y), self._answers(Z), sample_weight=weight))

    def predict(self, X: Any) -> Array:
        """Return the classes, or 0/1 for each label."""
        return self._answers(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class (m, classes), in the order of `classes_`."""
        Z, loss = self._outputs(X), self.model_.trained_loss
        if not isinstance(loss, PROBABLE):
            raise AttributeError(f"{loss!r} gives no probabilities")
        # Of an output far below 0 σ by tanh leaves nothing, and its logarithm is asked for.
        P = expit(Z) if isinstance(loss, SigmoidCrossEntropy) else loss.predictions(Z)
        return np.hstack([1 - P, P]) if self.n_outputs_ == 1 else P

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithms of the probabilities."""
        return np.log(self.predict_proba(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class Values(RegressorMixin):  # type: ignore[misc]
    """Numbers, one column or several."""

    @available_if(goes_in_parts)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None
    ) -> Any:
        """Go over the samples once."""
        return self._fit(X, y, sample_weight, validation_data, incremental=True)

    def _target_checks(self) -> dict[str, Any]:
        return {"y_numeric": True}

    def _learn_targets(self, y: Array, fresh: bool, incremental: bool) -> Array:
        return self._known_targets(y)

    def _known_targets(self, y: Array) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _example_targets(self, outputs: int) -> Array:
        return np.zeros((1, outputs))

    def _targets(self, y: Array) -> Targets:
        self.n_outputs_ = y.shape[1]
        counts = self.loss == "poisson" or isinstance(self.loss, Poisson)
        self.out_activation_ = "exp" if counts else "identity"
        return Targets("values", y.shape[1], flat=y.shape[1] == 1)

    def _encode(self, y: Array) -> Array:
        return y.astype(np.float64)

    def _decoded(self, y: Array) -> Array:
        return y

    def _stratified(self) -> bool:
        return False

    def _class_weights(self, y: Array, weights: Array | None) -> Array | None:
        return weights

    def _named_loss(self, loss: Any, targets: Targets) -> Loss:
        if isinstance(loss, Loss):
            return loss
        if loss not in VALUE_LOSSES:
            raise unknown_name("loss", str(loss), VALUE_LOSSES)
        return VALUE_LOSSES[loss]

    def _answers(self, Z: Array) -> Array:
        values = self.model_.trained_loss.predictions(Z)
        return values[:, 0] if values.shape[1] == 1 else values

    def _score(self, Z: Array, y: Array, weight: Any) -> float:
        if not np.isfinite(Z).all():
            return float("nan")
        answers = self.model_.trained_loss.predictions(Z)
        return float(r2_score(y, answers, sample_weight=weight))

    def predict(self, X: Any) -> Array:
        """Return the values, (m,) or (m, outputs), in the floating type of X."""
        rows = self._rows(X)
        values = self._answers(self._applied(self.model_.trained_layer, rows))
        return values.astype(np.result_type(rows.dtype, np.float32), copy=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
