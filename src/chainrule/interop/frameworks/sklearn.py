"""scikit-learn's MLPs and scalers as models, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.layers import Dense, Layer, ReLU, Sequential, Sigmoid, Standardize, Tanh
from chainrule.losses import Loss, Poisson, SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from chainrule.model import Model
from chainrule.targets import Targets

ACTIVATIONS: dict[str, type[Layer] | None] = {
    "identity": None,
    "logistic": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
}


def from_sklearn(estimator: Any, dtype: Any = "float64") -> Model:
    """Return a fitted MLPClassifier or MLPRegressor, or a pipeline of scalers and one, as a model.

    It predicts the same, can be explained, checked and trained further. StandardScaler,
    MinMaxScaler, MaxAbsScaler and RobustScaler become Standardize with their numbers. The penalty
    `alpha` is no part of the loss, and classes that are not 0, 1, … become their names. Of several
    values a regressor there reports the mean loss but descends along the sum, which is the one
    here. Raises ConfigurationError for anything else, or unfitted.
    """
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    *scalers, mlp = [s for s in steps if s not in (None, "passthrough")]
    if not hasattr(mlp, "coefs_"):
        got = f"{'one that is not fitted, ' * hasattr(mlp, 'hidden_layer_sizes')}{mlp!r}"
        raise ConfigurationError(f"expected a fitted MLPClassifier or MLPRegressor, got {got}")
    network: list[Layer] = [Standardize() for _ in scalers]
    names = []
    for i, W in enumerate(mlp.coefs_):
        names.append(str(len(network)))
        network.append(Dense(W.shape[1]))
        activation = ACTIVATIONS[mlp.activation]
        if activation is not None and i < len(mlp.coefs_) - 1:
            network.append(activation())
    loss, targets = _answers(mlp)
    inputs = mlp.coefs_[0].shape[0]
    model = Model(Sequential(*network), loss, input_shape=(inputs,), dtype=dtype)
    model.targets = targets
    running = {}
    for i, scaler in enumerate(scalers):
        shift, spread = _scaled(scaler, inputs)
        numbers = {"shift": shift, "spread": spread, "samples": np.ones(1)}
        running[str(i)] = {n: np.asarray(a).astype(dtype) for n, a in numbers.items()}
    model.restore(model.state._replace(running=running))
    model.set_parameters(
        {f"{n}.W": W for n, W in zip(names, mlp.coefs_, strict=True)}
        | {f"{n}.b": b for n, b in zip(names, mlp.intercepts_, strict=True)}
    )
    return model


def _scaled(scaler: Any, n: int) -> tuple[Any, Any]:
    """Return shift and spread of (x - shift) / spread."""
    if getattr(scaler, "clip", False):
        raise ConfigurationError(f"{scaler!r} clips its values, which no layer here does")
    scale = getattr(scaler, "scale_", None)
    if hasattr(scaler, "data_min_"):  # x scale + min
        return -scaler.min_ / scale, 1 / np.asarray(scale)
    if hasattr(scaler, "mean_") or hasattr(scaler, "center_") or hasattr(scaler, "max_abs_"):
        shift = getattr(scaler, "mean_", getattr(scaler, "center_", None))
        return np.zeros(n) if shift is None else shift, np.ones(n) if scale is None else scale
    raise ConfigurationError(f"expected a fitted scaler before the MLP, got {scaler!r}")


def _answers(mlp: Any) -> tuple[Loss, Targets]:
    """Return the loss, and what the outputs stand for."""
    outputs, out = mlp.coefs_[-1].shape[1], mlp.out_activation_
    classes = getattr(mlp, "classes_", None)
    if out == "softmax":
        return SoftmaxCrossEntropy(), Targets("labels", outputs, _names(classes))
    if out == "logistic":
        names = _names(classes) if outputs == 1 else None
        return SigmoidCrossEntropy(), Targets("flags", outputs, names, outputs == 1)
    if out == "identity":
        return SquaredError(), Targets("values", outputs, None, outputs == 1)
    if out == "exp":
        return Poisson(), Targets("values", outputs, None, outputs == 1)
    raise ConfigurationError(f"{mlp!r} has the output activation {out!r}, which is not known here")


def _names(classes: Any) -> Any:
    if classes is None or np.array_equal(classes, range(len(classes))):
        return None
    return tuple(map(str, classes.tolist()))


def to_sklearn(model: Model) -> Any:
    """Return the network as a fitted MLPClassifier or MLPRegressor.

    For plain networks: Dense layers with one kind of activation (or none) between them, trained on
    SoftmaxCrossEntropy, SigmoidCrossEntropy with one output, or SquaredError. Raises
    ConfigurationError for any other.
    """
    layer = model.trained_layer
    layers = list(layer.layers) if isinstance(layer, Sequential) else [layer]
    dense = [x for x in layers if isinstance(x, Dense)]
    between = [x for x in layers if not isinstance(x, Dense)]
    kinds = {type(x) for x in between}
    known = {kind: name for name, kind in ACTIVATIONS.items() if kind}
    plain = [type(x) for x in layers[::2]] == [Dense] * len(dense) if between else len(dense) > 0
    if not plain or len(kinds) > 1 or not kinds <= known.keys() or layers[-1] is not dense[-1]:
        raise ConfigurationError(
            f"{model.network!r} is no MLP: scikit-learn's are Dense layers with one activation of "
            f"{', '.join(k.__name__ for k in known)} between them"
        )
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
        from sklearn.preprocessing import LabelBinarizer
    except ImportError:
        raise MissingExtraError("this needs scikit-learn: pip install scikit-learn") from None
    activation = known[kinds.pop()] if kinds else "identity"
    options = {"hidden_layer_sizes": tuple(d.units for d in dense[:-1]), "activation": activation}
    loss, outputs = model.trained_loss, dense[-1].units
    if isinstance(loss, SquaredError) and loss.scale == "half":
        mlp, out = MLPRegressor(**options), "identity"
    elif isinstance(loss, SoftmaxCrossEntropy | SigmoidCrossEntropy) and (
        outputs == 1 or isinstance(loss, SoftmaxCrossEntropy)
    ):
        mlp = MLPClassifier(**options)
        out = "softmax" if isinstance(loss, SoftmaxCrossEntropy) else "logistic"
        names = model.targets.classes if model.targets is not None else model.classes
        mlp.classes_ = np.array(names if names is not None else range(max(outputs, 2)))
        mlp._label_binarizer = LabelBinarizer().fit(mlp.classes_)
    else:
        raise ConfigurationError(f"{loss!r} is no loss of scikit-learn's MLPs")
    arrays = list(model.parameters.values())
    mlp.coefs_ = [np.array(a) for a in arrays[::2]]
    mlp.intercepts_ = [np.array(a) for a in arrays[1::2]]
    mlp.n_features_in_, mlp.n_outputs_ = mlp.coefs_[0].shape[0], outputs
    mlp.n_layers_, mlp.out_activation_ = len(dense) + 1, out
    mlp.n_iter_, mlp.t_ = max(1, model.history.epochs), 0
    # What `partial_fit` goes on from.
    mlp.loss_curve_, mlp.best_loss_, mlp._no_improvement_count = [], np.inf, 0
    mlp.validation_scores_ = mlp.best_validation_score_ = None
    return mlp
