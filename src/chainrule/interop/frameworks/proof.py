"""The proof that two networks are one: outputs, loss and gradients, computed on either side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.interop.frameworks.giving import weights_for
from chainrule.interop.frameworks.translation import translate
from chainrule.layers.base import INFERENCE
from chainrule.losses import one_hot
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.step import all_gradients, feed, predicting


@dataclass(frozen=True)
class Proof:
    """The largest differences, each relative to 1 + the size of the numbers that are compared."""

    target: str
    rows: int
    outputs: float
    loss: float
    gradients: dict[str, float] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The largest difference of all."""
        return max(self.outputs, self.loss, *self.gradients.values())

    def __str__(self) -> str:
        name = max(self.gradients, key=self.gradients.__getitem__, default="")
        steepest = f", gradients {self.gradients[name]:.1e} (of {name})" if name else ""
        return (
            f"{self.target}, {self.rows:,} rows: outputs differ by {self.outputs:.1e}, "
            f"loss {self.loss:.1e}{steepest}"
        )


def prove(model: Model, x: Any, y: Any, target: str, module: Any = None) -> Proof:
    """Compute outputs, loss and every gradient on both sides, and return how far they are apart.

    The other side is `module`, a PyTorch module, a Keras model or a scikit-learn MLP with these
    very weights, or else what `translate` prints, built and given the model's weights. Both run
    in inference mode. A Keras model's gradients are taken on its JAX and PyTorch backends.
    """
    from chainrule.interop.frameworks import sides

    if target == "sklearn":
        return sides.sklearn_side(model, x, y, module)
    data = model._prepare(x, y)
    translation = translate(model, target)
    names: dict[str, Any] = {}
    try:
        exec(compile(translation.code, f"<{target}>", "exec", dont_inherit=True), names)
    except ImportError as error:
        raise MissingExtraError(f"a proof against {target} needs it: {error}") from None
    X = np.ascontiguousarray(translation.inputs(data.X)).astype(model.dtype)
    run = sides.torch_side if target == "torch" else sides.keras_side
    Z, value, gradients = run(
        translation, names, weights_for(model, target), X, _targets(model, data.targets), module
    )
    # At the parameters that predict, the averages where the optimizer keeps some.
    state = predicting(model.optimizer, model.state)
    batch = feed(model.task, data, np.arange(len(data.X)))
    ours = all_gradients(model.task, state.params, state.running, batch, INFERENCE)
    learnt = [t for t in translation.turns if t.ours in gradients]
    own = {t.ours: (t.take(gradients[t.ours]), ours[t.ours]) for t in learnt}
    loss = float(model.trained_loss(model.outputs(x), data.targets)[0])
    if "X" in gradients:
        dX = gradients["X"]
        own["X"] = np.moveaxis(dX, 1, -1) if translation.channels_first else dX, ours["X"]
    return Proof(
        target,
        len(data.X),
        apart(Z, model.outputs(x)),
        apart(np.array(value), np.array(loss)),
        {name: apart(*pair) for name, pair in own.items()},
    )


def _targets(model: Model, targets: Array) -> Array:
    """Return class numbers as integers, all else in the model's type and (m, outputs)."""
    if model.trained_loss.task == "classes":
        if targets.ndim > 1:
            raise ConfigurationError("a proof takes classes as labels (m,), not as distributions")
        return targets.astype(np.int64)
    if targets.ndim == 1:
        assert model.built is not None
        (k,) = model.built.output_shape
        targets = targets[:, None] if k == 1 else one_hot(targets, np.zeros((1, k)))
    return targets.astype(model.dtype)


def apart(a: Array, b: Array) -> float:
    """Return the largest |a - b| / (1 + the largest |b|).

    >>> apart(np.array([1.0, 3.5]), np.array([1.0, 3.0]))
    0.125
    """
    if a.shape != b.shape:
        raise ConfigurationError(f"the other side gave {a.shape}, this one {b.shape}")
    return float(np.max(np.abs(a - b), initial=0) / (1 + np.max(np.abs(b), initial=0)))
