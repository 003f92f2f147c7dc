"""chainrule's own layers, losses and models as subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as exchanged
from typing import Any

import numpy as np

from chainrule.checking.numbers import another_batch, flags, friendly, labels, probabilities
from chainrule.checking.source import Code, line_of, place_of
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.errors import ChainruleError, ShapeError
from chainrule.layers.base import Context, Layer, initialize
from chainrule.layers.columns import Columns
from chainrule.losses import BinaryCrossEntropy, CrossEntropy, Loss, one_hot
from chainrule.namespace import Array
from chainrule.randomness import Rng
from chainrule.tree import Tree, flatten, map_leaves, replace

SHAPES: list[tuple[int, ...]] = [(2,), (3,), (4,), (5,), (6, 6, 2), (4, 4, 3), (5, 3), (5, 5)]


def changed_names(before: Mapping[str, Array], now: Mapping[str, Array]) -> tuple[str, ...]:
    """Return the names of the arrays that are no longer what they were."""
    return tuple(n for n, p in before.items() if not np.array_equal(p, now[n], equal_nan=True))


def _where(thing: Any) -> str:
    cls = type(thing)
    return "" if cls.__module__.split(".")[0] == "chainrule" else place_of(cls)


class LayerSubject(Subject):
    """A layer (or a layer in columns), with parameters under their dotted names."""

    def __init__(
        self,
        layer: Layer | Columns,
        shape: tuple[int, ...] | None = None,
        X: Any = None,
        params: Tree | None = None,
        path: str = "",
        training: bool = False,
    ) -> None:
        self.layer, self.X, self.given, self.training = layer, X, params, training
        self.columns = isinstance(layer, Columns)
        self.inner: Layer = layer.layer if isinstance(layer, Columns) else layer
        self.notation = "columns" if self.columns else "rows"
        self.title = f'{layer!r} at "{path}"' if path else repr(layer)
        self.place = _where(self.inner)
        if X is not None:
            X = np.asarray(X)
            shape = X.shape[:1] if self.columns else X.shape[1:]
        self.shape = _fitting(self.inner) if shape is None else tuple(shape)
        self.template = flatten(self._draw(3))
        self.parameters = tuple(self.template)
        self.is_loss = False
        formulas = self.inner.formulas
        self.formulas = None if self.columns or not formulas.backward else formulas

    def _draw(self, seed: int) -> Tree:
        specs = self.inner.parameters(self.shape)
        _ = self.inner.output_shape(self.shape)

        def drawn(tree: Mapping[str, Any], rng: Rng) -> Tree:
            return {
                name: drawn(spec, rng.at(name))
                if isinstance(spec, dict)
                else friendly(rng.at(name), tuple(spec.shape), _spread(spec.shape))
                for name, spec in tree.items()
            }

        params = drawn(specs, Rng(seed).at("parameters"))
        return map_leaves(_as_column, params) if self.columns else params

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng = Rng(seed).at("check")
        X = self._samples(rng, m)
        params = self._draw(seed) if self.given is None else map_leaves(as_float, self.given)
        variables = {"X": X, **flatten(params)}
        trial = Trial(variables, np.ones(1), X.shape[1] if self.columns else len(X))
        dY = friendly(rng.at("dY"), self.forward(trial).shape)
        return exchanged(trial, dY=dY)

    def _samples(self, rng: Rng, m: int) -> Array:
        """Return X: given samples (in another order where the seed is not 0), or drawn ones."""
        if self.X is not None:
            return another_batch(np.asarray(self.X, float), rng.seed, m, self.notation)
        X = friendly(rng.at("X"), (m, *self.shape))
        return X.T if self.columns else X

    def tree_of(self, variables: Mapping[str, Array]) -> Tree:
        """Return the parameters as the layer takes them: a tree."""
        template = self._draw(0)
        return replace(template, {n: variables[n] for n in self.parameters})

    def context(self, trial: Trial) -> Context:
        """Return the mode, the randomness and the state of a pass: the same for every nudge."""
        state: Any = initialize(self.inner.running(self.shape), Rng(0), "float64")
        if self.inner.adapts:
            seen = trial.variables["X"]
            state = self.inner.adapt(state, seen.T if self.columns else seen)
        rows = np.arange(trial.m, dtype=np.uint32)
        return Context(self.training, Rng(0, 0, rows), state)

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        now = {**trial.variables, **(changed or {})}
        params = self.tree_of({n: p.copy() for n, p in now.items()})
        return np.asarray(self.layer.forward(params, now["X"].copy(), self.context(trial))[0])

    def gradients(self, trial: Trial) -> Reply:
        now = {n: p.copy() for n, p in trial.variables.items()}
        params, dY = self.tree_of(now), trial.dY.copy()
        _, cache = self.layer.forward(params, now["X"], self.context(trial))
        dX, grads = self.layer.backward(params, cache, dY)
        written = changed_names({**trial.variables, "dY": trial.dY}, {**now, "dY": dY})
        return Reply({"X": dX, **flatten(grads)}, written=written)

    def gradient_name(self, variable: str) -> str:
        path, _, name = variable.rpartition(".")
        return f"{path}.d{name}" if path else f"d{name}"

    def code(self, variable: str) -> Code | None:
        if not self.place:
            return None
        cls, name = type(self.inner), variable.rpartition(".")[2]
        if variable == "X":
            return line_of(cls.backward, ("dX",), 0)
        for method in (cls.parameter_gradients, cls.backward):
            if method is not Layer.parameter_gradients:
                found = line_of(method, (f"d{name}", name), 1)
                if found is not None:
                    return found
        return None

    def parts(self, trial: Trial) -> list[tuple[str, Subject]]:
        places = list(self.inner.walk(self.shape))
        if len(places) == 1 and not places[0].path:
            return []
        return [
            (
                place.path,
                LayerSubject(
                    place.layer,
                    _small(place.layer, place.input_shape),
                    path=place.path,
                    training=self.training,
                ),
            )
            for place in places
        ]


def _small(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a small input shape of the same kind, where the layer takes one."""
    for smaller in (tuple(min(n, 3) for n in shape), shape):
        try:
            layer.output_shape(smaller)
        except (ChainruleError, ValueError):
            continue
        return smaller
    return shape


def _fitting(layer: Layer) -> tuple[int, ...]:
    """Return a small input shape that the layer takes, not as large as its output."""
    fits: list[tuple[int, ...]] = []
    for shape in SHAPES:
        try:
            out = layer.output_shape(shape)
            layer.parameters(shape)
        except (ChainruleError, ValueError, IndexError, TypeError, AttributeError):
            continue
        if out != shape or not _has_parameters(layer, shape):
            return (3,) if shape == (2,) and out == shape else shape
        fits.append(shape)
    if fits:
        return fits[0]
    raise ShapeError(
        f"{layer!r}: none of the usual input shapes fits: pass shape=, one sample without the batch"
    )


def _has_parameters(layer: Layer, shape: tuple[int, ...]) -> bool:
    return bool(layer.parameters(shape))


def _spread(shape: tuple[int, ...]) -> float:
    """Return how large weights may be: 2 for a few, less for many, so that nothing saturates."""
    fan = shape[0] if len(shape) > 1 else 1
    return 2.0 if fan <= 8 else max(0.2, round(4 / np.sqrt(fan), 1))


def _as_column(p: Array) -> Array:
    return p[:, None] if p.ndim == 1 else p.T


def as_float(p: Any) -> Array:
    """Return an array in float64."""
    return np.asarray(p, float)


class LossSubject(Subject):
    """A loss: its value against its own gradient."""

    def __init__(self, loss: Loss, Z: Any = None, targets: Any = None) -> None:
        self.loss, self.Z, self.given_targets = loss, Z, targets
        self.title, self.place = repr(loss), _where(loss)
        self.is_loss, self.input, self.output = True, "Z", "J"
        self.formulas = loss.formulas if loss.formulas.backward else None

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng = Rng(seed).at("check")
        if self.Z is not None:
            Z = another_batch(np.asarray(self.Z, float), seed, m)
        else:
            Z = loss_inputs(self.loss, rng, m, 3)
        if self.given_targets is not None:
            targets = another_batch(np.asarray(self.given_targets), seed, m)
        else:
            targets = loss_targets(self.loss, rng, *Z.shape)
        return Trial({"Z": Z}, np.ones(()), len(Z), np.asarray(targets))

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        Z = {**trial.variables, **(changed or {})}["Z"].copy()
        return np.asarray(self.loss(Z, trial.targets.copy())[0])

    def gradients(self, trial: Trial) -> Reply:
        Z, targets = trial.variables["Z"].copy(), trial.targets.copy()
        _, dZ = self.loss(Z, targets)
        before = {"Z": trial.variables["Z"], "the targets": trial.targets}
        return Reply({"Z": dZ}, written=changed_names(before, {"Z": Z, "the targets": targets}))

    def code(self, variable: str) -> Code | None:
        if not self.place:
            return None
        return line_of(type(self.loss).per_sample, ("dZ", "dL"), 1)


def loss_inputs(loss: Loss, rng: Rng, m: int, k: int) -> Array:
    """Return outputs that a loss takes: probabilities, or any numbers."""
    if isinstance(loss, BinaryCrossEntropy):
        flat = probabilities(rng.at("Z"), (m * k, 1))
        return flat.reshape(m, k)
    if isinstance(loss, CrossEntropy):
        return probabilities(rng.at("Z"), (m, k))
    return friendly(rng.at("Z"), (m, k))


def loss_targets(loss: Loss, rng: Rng, m: int, k: int) -> Array:
    """Return targets that a loss takes."""
    if loss.task == "classes":
        return one_hot(labels(rng.at("Y"), m, k), np.zeros((m, k)))
    if loss.task == "binary":
        return flags(rng.at("Y"), m * k).reshape(m, k)
    return friendly(rng.at("Y"), (m, k))
