"""Looking into a network, and building a new one from parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError, ShapeError
from chainrule.inputs import as_samples, check_finite
from chainrule.layers.base import INFERENCE, Context, Layer
from chainrule.layers.combinators import Combinator, Sequential
from chainrule.layers.shared import Shared, Tied
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.parameters import matching
from chainrule.step import predicting
from chainrule.tree import Tree, flatten, has_leaves, replace

if TYPE_CHECKING:
    from chainrule.model import Model


@dataclass(frozen=True, repr=False, eq=False)
class Watched(Layer):
    """A layer that does what `layer` does, and keeps its output in `seen`."""

    layer: Layer
    path: str
    seen: dict[str, Array]

    def forward(self, params: Tree, X: Array, ctx: Context = INFERENCE) -> tuple[Array, Any]:
        Y, cache = self.layer.forward(params, X, ctx)
        self.seen[self.path] = Y
        return Y, cache


def watched(layer: Layer, seen: dict[str, Array], path: str = "") -> Layer:
    """Return the network with every layer watched, those in combinators as well."""
    if isinstance(layer, Shared):
        return watched(layer.layer, seen, path)
    if isinstance(layer, Combinator):
        inner = [watched(c, seen, f"{path}.{n}" if path else n) for n, c in layer.children]
        layer = layer.with_layers(inner)
    return Watched(layer, path, seen) if path else layer


def activations(model: Model, x: Any) -> dict[str, Array]:
    """Return every layer's output by its path; see `Model.activations`."""
    _ = model.state
    assert model.built is not None
    X = as_samples(x, model.built.input_shape)
    check_finite(X, "x")
    model.trained_layer.check_input(X, "x")
    return layer_outputs(model, X.astype(model.dtype))


def layer_outputs(model: Model, X: Any) -> dict[str, Array]:
    """Return every layer's output by its path, for samples that are checked."""
    state = predicting(model.optimizer, model.state)
    seen: dict[str, Array] = {}
    layer, params = model.trained_layer, state.params
    if isinstance(layer, Tied):
        params = layer.spread(params)
        layer = layer.network
    Z, _ = watched(layer, seen).forward(params, X, Context(state=state.running))
    if not isinstance(model.network, Combinator):
        return {"": Z}
    if model.trained_loss != model.loss:  # the last layer is computed with the loss
        seen[model.network.children[-1][0]] = model.trained_loss.predictions(Z)
    order = [path for path, _ in paths(model.network) if path]
    return {path: seen[path] for path in order}


def paths(layer: Layer, path: str = "") -> Iterable[tuple[str, Layer]]:
    """Yield every layer with its path, what is inside a combinator before the combinator."""
    inner = layer.layer if isinstance(layer, Shared) else layer
    if isinstance(inner, Combinator):
        for name, child in inner.children:
            yield from paths(child, f"{path}.{name}" if path else name)
    yield path, layer


def copy_parameters(model: Model, source: Model, patterns: Sequence[str]) -> list[str]:
    """Take over parameters by name, and the running state of their layers."""
    mine = flatten(model.state.params)
    theirs = flatten(predicting(source.optimizer, source.state).params)
    if patterns:
        names = matching(patterns, theirs)
        for name in sorted(names):
            if name not in mine or mine[name].shape != theirs[name].shape:
                here = f"is {mine[name].shape}" if name in mine else "does not exist"
                raise ShapeError(f"{name} is {theirs[name].shape} there, but {here} here")
    else:
        names = frozenset(n for n, p in mine.items() if n in theirs and theirs[n].shape == p.shape)
    if not names:
        raise ConfigurationError(
            f"no parameter has the same name and shape in both: here {_listed(mine)}; "
            f"there {_listed(theirs)}"
        )
    state = model.state
    params = {name: theirs[name].astype(mine[name].dtype) for name in names}
    running = running_of({name.rpartition(".")[0] for name in names}, model, source)
    model.restore(
        state._replace(
            params=replace(state.params, params),
            running=replace(dict(state.running), running),
            optimizer=model.optimizer.exchanged(state.optimizer, params),
        )
    )
    return [name for name in mine if name in names]


def running_of(layers: Iterable[str] | None, model: Model, source: Model) -> dict[str, Array]:
    """Return the state of these layers (None: of all) that both models have in the same shape."""
    mine = flatten(dict(model.state.running))
    theirs = flatten(dict(source.state.running))
    return {
        name: theirs[name].astype(p.dtype)
        for name, p in mine.items()
        if (layers is None or name.rpartition(".")[0] in layers)
        and name in theirs
        and np.shape(theirs[name]) == np.shape(p)
    }


def with_head(
    model: Model,
    head: Sequence[Layer],
    loss: Loss | None,
    optimizer: Optimizer | None,
    classes: Iterable[str] | None,
) -> Model:
    """Return a model with the trunk of this one, and what the trunk has learnt."""
    from chainrule.model import Model

    network, params = model.network, model.state.params
    assert model.built is not None
    if not head:
        raise ConfigurationError("with_head needs at least one layer: with_head(Dense(3)), say")
    learning = (
        [i for i, (name, _) in enumerate(network.children) if has_leaves(params.get(name, {}))]
        if isinstance(network, Sequential)
        else []
    )
    if not isinstance(network, Sequential) or not learning or learning[-1] == 0:
        raise ConfigurationError(
            f"with_head needs a Sequential with a trunk before its last layer with parameters, "
            f"got {network!r}"
        )
    cut = learning[-1]
    trunk, (name, _) = network.first(cut), network.children[cut]
    if name.isdigit():
        whole = Sequential(*trunk.layers, *head)
    else:  # a named head keeps its name
        last = head[0] if len(head) == 1 else Sequential(*head)
        whole = trunk.with_layers([*trunk.layers, last], (*trunk.names, name))
    new = Model(
        whole,
        model.loss if loss is None else loss,
        model.optimizer if optimizer is None else optimizer,
        seed=model.seed,
        input_shape=model.built.input_shape,
        dtype=model.dtype,
        classes=classes,
    )
    kept = {child for child, _ in trunk.children}
    names = [n for n in flatten(params) if n.partition(".")[0] in kept]
    copy_parameters(new, model, names)
    state = new.state
    running = {n: a for n, a in running_of(None, new, model).items() if n.partition(".")[0] in kept}
    new.restore(state._replace(running=replace(dict(state.running), running)))
    return new


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:12])
