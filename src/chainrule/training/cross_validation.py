"""k-fold cross-validation: every sample is tested once, by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.inputs import as_array, check_length
from chainrule.metrics import Asked
from chainrule.namespace import Array
from chainrule.randomness import permutation
from chainrule.training.history import History

if TYPE_CHECKING:
    from chainrule.model import Model


@dataclass(frozen=True)
class CrossValidation:
    """What each fold's model scored on its own part: by name, one number per fold.

    `histories` are the trainings', `folds` the test samples' indices.

    >>> scores = {"loss": (0.5, 0.7), "accuracy": (0.9, 0.8)}
    >>> print(CrossValidation(scores, (), ()))
    loss      0.6000 ± 0.1000
    accuracy  0.8500 ± 0.0500
    """

    scores: Mapping[str, tuple[float, ...]]
    histories: tuple[History, ...]
    folds: tuple[Array, ...]

    @property
    def mean(self) -> dict[str, float]:
        """The mean over the folds."""
        return {name: float(np.mean(values)) for name, values in self.scores.items()}

    @property
    def spread(self) -> dict[str, float]:
        """The standard deviation over the folds."""
        return {name: float(np.std(values)) for name, values in self.scores.items()}

    def __str__(self) -> str:
        width = max(map(len, self.scores), default=0)
        mean, spread = self.mean, self.spread
        return "\n".join(f"{n:<{width}}  {mean[n]:.4f} ± {spread[n]:.4f}" for n in self.scores)


def deal(n: int, folds: int, seed: int = 0, labels: Array | None = None) -> tuple[Array, ...]:
    """Return `folds` index arrays, each in ascending order, that together are 0..n−1.

    The samples are dealt like cards, in an order drawn by the seed; with `labels` class after
    class, so that each fold gets its share of each. Sizes differ by at most one.

    >>> [part.tolist() for part in deal(6, 3, labels=np.array([0, 0, 0, 1, 1, 1]))]
    [[0, 5], [2, 4], [1, 3]]
    """
    if not 2 <= folds <= n:
        raise ConfigurationError(f"folds must be between 2 and the {n} samples, got {folds}")
    order = permutation(seed, 0, n)
    if labels is not None:
        _, index = np.unique(labels, return_inverse=True)
        order = order[np.argsort(index[order], kind="stable")]
    return tuple(np.sort(order[i::folds]) for i in range(folds))


def cross_validate(
    make_model: Callable[[], Model],
    x: Any,
    y: Any,
    folds: int = 5,
    stratified: bool | None = None,
    seed: int = 0,
    metrics: Iterable[Asked] = (),
    **fit: Any,
) -> CrossValidation:
    """Train a fresh model on all but one fold, test it on that fold, for each fold in turn.

    `make_model` returns an untrained model; `fit` holds further arguments of `Model.fit`
    (epochs, batch_size, ...). Stratified folds have the same share of every class; left
    at None, they are where y is labels. Source: Stone, J. R. Statist. Soc. B 36 (1974).

    >>> import chainrule as cr
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> make = lambda: cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5))
    >>> result = cr.cross_validate(make, x, 2 * x[:, 0], folds=4, epochs=50)
    >>> len(result.scores["loss"]), result.mean["loss"] < 1e-3
    (4, True)
    """
    X, Y = as_array(x, "x"), as_array(y, "y")
    check_length(Y, X)
    are_labels = Y.ndim == 1 and Y.dtype.kind != "f"
    if stratified and Y.ndim != 1:
        raise ConfigurationError(f"stratified folds need one label per sample, y is {Y.shape}")
    by_class = are_labels if stratified is None else stratified
    parts = deal(len(X), folds, seed, Y if by_class else None)
    asked, found, histories = list(metrics), list[dict[str, float]](), []
    for part in parts:
        rest = np.setdiff1d(np.arange(len(X)), part)
        model = make_model()
        if model.history.epochs:
            raise ConfigurationError(
                "make_model must return a new, untrained model each time: lambda: Model(...), say"
            )
        histories.append(model.fit(X[rest], Y[rest], **{"verbose": 0, **fit}))
        found.append(model.evaluate(X[part], Y[part], metrics=asked))
    scores = {name: tuple(scores[name] for scores in found) for name in found[0]}
    return CrossValidation(scores, tuple(histories), parts)
