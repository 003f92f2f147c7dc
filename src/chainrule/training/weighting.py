"""Class weights: how much each class counts, turned into a weight for each sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from chainrule.errors import ConfigurationError, DataError, unknown_name
from chainrule.step import Data
from chainrule.targets import Targets

ClassWeight: TypeAlias = 'Mapping[Any, float] | Literal["balanced"]'


def weighted(data: Data, targets: Targets, class_weight: ClassWeight) -> Data:
    """Return the data with each sample's weight multiplied by that of its class.

    `class_weight` maps labels, as the user writes them, to weights (1 where left out); "balanced"
    gives class c the weight n / (k · n_c), so that all classes count alike, as scikit-learn does.
    Raises ConfigurationError where there are no classes or a label is unknown.
    """
    two = targets.kind == "flags" and targets.outputs == 1
    if not two and (targets.kind != "labels" or data.targets.ndim != 1):
        raise ConfigurationError(
            f"class_weight is for labels, but the targets are {targets.kind} of shape "
            f"{data.targets.shape}: give sample_weight"
        )
    data = data.with_answers()
    k = 2 if two else targets.outputs
    labels = data.targets.ravel().astype(np.int64)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ConfigurationError(
                f'class_weight must be a mapping or "balanced", got {class_weight!r}'
            )
        counts = np.bincount(labels, minlength=k)
        by_class = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        by_class = _from_mapping(class_weight, targets, k)
    given = 1.0 if data.weights is None else data.weights
    weights = by_class[labels] * given
    if not weights.any():
        raise DataError("class_weight leaves every sample with weight 0")
    return data._replace(weights=weights)


def _from_mapping(class_weight: Mapping[Any, float], targets: Targets, k: int) -> Any:
    names = [str(name) for name in (targets.classes or range(k))]
    by_class = np.ones(k)
    for label, weight in class_weight.items():
        if str(label) not in names:
            raise unknown_name("class", str(label), names)
        if not 0 <= weight < float("inf"):
            raise ConfigurationError(
                f"class_weight[{label!r}] must be a number, 0 or more, got {weight!r}"
            )
        by_class[names.index(str(label))] = weight
    return by_class
