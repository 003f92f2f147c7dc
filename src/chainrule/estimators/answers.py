"""What a fitted estimator answers: outputs, hidden activations, features for a next step."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.engines.numpy_engine import outputs
from chainrule.errors import ConfigurationError
from chainrule.estimators.sparse import SparseRows
from chainrule.layers import Layer, Sequential
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.step import predicting
from chainrule.surgery import layer_outputs


class Answers(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of what has a trained `model_`."""

    model_: Model

    def _outputs(self, X: Any) -> Array:
        """Return Z for samples as a user brings them."""
        rows = self._rows(X)
        return self._applied(self.model_.trained_layer, rows)

    def _applied(self, layer: Layer, rows: Any) -> Array:
        model = self.model_
        return outputs(layer, predicting(model.optimizer, model.state), rows, model.dtype)

    def _rows(self, X: Any) -> Any:
        """Return samples as a network takes them; sparse ones stay sparse."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, **self._sample_checks())
        return SparseRows(X) if issparse(X) else X

    def transform(self, X: Any) -> Array:
        """Return what the last layer sees of X, (m, units): the last hidden layer's activations.

        In inference mode; images are flattened. With it the estimator is a step of a Pipeline.
        """
        rows = self._rows(X)
        H: Any = self._applied(self._before_last(), rows)
        return np.asarray(H).reshape(len(H), -1)

    def _before_last(self) -> Layer:
        layer = self.model_.trained_layer
        if not isinstance(layer, Sequential):
            raise ConfigurationError(
                f"transform gives what comes before the last layer of a Sequential, got {layer!r}"
            )
        return layer.first(-1)

    @property
    def _n_features_out(self) -> int:
        built = self.model_.built
        assert built is not None
        return prod(self._before_last().output_shape(built.input_shape))

    def hidden_activations(self, X: Any) -> dict[str, Array]:
        """Return what every layer makes of X, under its path in the network."""
        rows = self._rows(X)
        return layer_outputs(self.model_, rows.astype(self.model_.dtype))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        if self.dtype == "float32":
            tags.transformer_tags.preserves_dtype = []
        return tags

    def _sample_checks(self) -> dict[str, Any]:
        return {"accept_sparse": "csr", "dtype": (np.float64, np.float32)}
