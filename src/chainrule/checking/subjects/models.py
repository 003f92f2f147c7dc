"""A model as a subject: its parameters and its input, through its loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.numbers import another_batch
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.checking.subjects.library import (
    LayerSubject,
    LossSubject,
    as_float,
    changed_names,
    loss_targets,
)
from chainrule.errors import ConfigurationError
from chainrule.layers.base import INFERENCE, Context
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.tree import flatten, map_leaves


class ModelSubject(LayerSubject):
    """A model: every parameter and the input, through its loss, at its present parameters."""

    def __init__(self, model: Any, X: Any = None, targets: Any = None) -> None:
        self.model, self.given_targets = model, targets
        if model.built is None:
            raise ConfigurationError(
                "the model is not built yet: give Model(..., input_shape=...), or call fit first"
            )
        super().__init__(model.trained_layer, model.built.input_shape, X, params=model.state.params)
        self.loss: Loss = model.trained_loss
        self.title = f"{model.network!r} with {model.loss!r}"
        self.is_loss, self.output, self.formulas = True, "J", None
        if self.loss != model.loss:
            self.notes = (f"its last layer and loss are computed as one, {self.loss!r} on logits",)

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng = Rng(seed).at("check")
        X = self._samples(rng, m)
        variables = {"X": X, **flatten(map_leaves(as_float, self.given or {}))}
        targets = self.given_targets
        if targets is not None:
            targets = another_batch(np.asarray(targets), seed, m)
        else:
            k = self.model.built.output_shape[0]
            targets = loss_targets(self.loss, rng, len(X), k)
        return Trial(variables, np.ones(()), len(X), np.asarray(targets))

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        Z = super().forward(trial, changed)
        return np.asarray(self.loss(Z, trial.targets)[0])

    def gradients(self, trial: Trial) -> Reply:
        now = {n: p.copy() for n, p in trial.variables.items()}
        params = self.tree_of(now)
        Z, cache = self.layer.forward(params, now["X"], self.context(trial))
        _, dZ = self.loss(Z, trial.targets.copy())
        dX, grads = self.layer.backward(params, cache, dZ)
        return Reply({"X": dX, **flatten(grads)}, written=changed_names(trial.variables, now))

    def context(self, trial: Trial) -> Context:
        return INFERENCE._replace(state=self.model.state.running)

    def parts(self, trial: Trial) -> list[tuple[str, Subject]]:
        return [*super().parts(trial), ("the loss", LossSubject(self.loss))]
