"""The other frameworks at work: outputs, loss and gradients of a network that runs there."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.interop.frameworks.proof import Proof, apart
from chainrule.interop.frameworks.taking import matched_weights
from chainrule.interop.frameworks.translation import Translation
from chainrule.model import Model
from chainrule.namespace import Array

Side = tuple[Array, float, dict[str, Array]]


def torch_side(
    translation: Translation,
    names: Mapping[str, Any],
    weights: Mapping[str, Array],
    X: Array,
    Y: Array,
    module: Any = None,
) -> Side:
    """Return Z, the loss, and each weight's gradient under our name."""
    import torch

    kind = torch.float64 if X.dtype == np.float64 else torch.float32
    if module is None:
        network = names["Network"]().to(kind)
        network.load_state_dict({n: torch.tensor(a) for n, a in weights.items()}, strict=False)
        found = {t.ours: t.name for t in translation.turns}
    else:
        network, found = module, matched_weights(translation, module)
    was_training = network.training
    network.eval()
    network.zero_grad()
    try:
        inputs = torch.tensor(X, dtype=kind, requires_grad=True)
        Z = network(inputs)
        value = names["loss"](Z, torch.tensor(Y))
        if value.requires_grad:
            value.backward()
        known = dict(network.named_parameters())
        gradients = {
            ours: known[theirs].grad.numpy().copy()
            for ours, theirs in found.items()
            if theirs in known and known[theirs].grad is not None
        }
        if inputs.grad is not None:
            gradients["X"] = inputs.grad.numpy()
    finally:
        network.zero_grad()
        network.train(was_training)
    return Z.detach().numpy(), float(value.detach()), gradients


def keras_side(
    translation: Translation,
    names: Mapping[str, Any],
    weights: Mapping[str, Array],
    X: Array,
    Y: Array,
    module: Any = None,
) -> Side:
    """Return Z, the loss, and each weight's gradient under our name."""
    import keras

    network = names["model"] if module is None else module
    if module is None:
        for layer in dict.fromkeys(t.layer for t in translation.turns):
            own = [weights[t.name] for t in translation.turns if t.layer == layer]
            network.get_layer(layer).set_weights(own)
        found = {t.ours: f"{t.layer}/{t.theirs}" for t in translation.turns}
    else:
        found = {o: n.replace(".", "/") for o, n in matched_weights(translation, module).items()}
    backend = keras.backend.backend()
    variables = network.trainable_variables
    paths = ["/".join(v.path.split("/")[-2:]) for v in variables]
    if backend == "jax":
        import jax

        def value_of(trainable: Any, X: Any) -> Any:
            Z, _ = network.stateless_call(trainable, network.non_trainable_variables, X)
            return names["loss"](Z, Y)

        trainable = [v.value for v in variables]
        value, (slopes, dX) = jax.value_and_grad(value_of, argnums=(0, 1))(trainable, X)
        arrays = [np.asarray(g) for g in slopes]
    elif backend == "torch":
        network.zero_grad()
        inputs = keras.ops.convert_to_tensor(X).requires_grad_()
        value = names["loss"](network(inputs, training=False), keras.ops.convert_to_tensor(Y))
        value.backward()
        dX = inputs.grad
        value = value.detach()
        arrays = [keras.ops.convert_to_numpy(v.value.grad) for v in variables]
    else:
        raise ConfigurationError(
            f"a proof takes Keras' gradients on its backends jax and torch, not {backend}: "
            f"set KERAS_BACKEND"
        )
    slopes_at = dict(zip(paths, arrays, strict=True))
    gradients = {ours: slopes_at[n] for ours, n in found.items() if n in slopes_at}
    if dX is not None:
        gradients["X"] = keras.ops.convert_to_numpy(dX)
    Z = keras.ops.convert_to_numpy(network(X, training=False))
    return Z, float(value), gradients


def sklearn_side(model: Model, x: Any, y: Any, mlp: Any = None) -> Proof:
    """Compare with a scikit-learn MLP; its gradient is what one step of plain descent takes off."""
    from chainrule.interop.frameworks.sklearn import to_sklearn

    mlp = to_sklearn(model) if mlp is None else mlp
    X = np.asarray(x, np.float64)
    ours = model.predict_proba(x) if hasattr(mlp, "classes_") else model.outputs(x)
    theirs = mlp.predict_proba(X) if hasattr(mlp, "classes_") else mlp.predict(X)
    theirs = theirs[:, 1:] if ours.shape[1] == 1 and theirs.ndim == 2 else theirs
    stepped = copy.deepcopy(mlp)
    stepped.__dict__.pop("_optimizer", None)
    stepped.set_params(
        solver="sgd", learning_rate_init=1.0, learning_rate="constant", momentum=0.0, alpha=0.0,
        batch_size=len(X), shuffle=False, early_stopping=False,
    )  # fmt: skip
    stepped.coefs_ = [np.array(W, np.float64) for W in mlp.coefs_]
    stepped.intercepts_ = [np.array(b, np.float64) for b in mlp.intercepts_]
    before = [a.copy() for a in (*stepped.coefs_, *stepped.intercepts_)]
    stepped.partial_fit(X, np.asarray(y))
    slopes = [b - a for b, a in zip(before, (*stepped.coefs_, *stepped.intercepts_), strict=True)]
    names = list(model.parameters)
    targets = np.asarray(y)
    if targets.ndim == 1 and model.targets is not None and model.targets.classes is not None:
        targets = targets.astype(str)
    gradients = model.gradients(x, targets)
    loss = model.evaluate(x, targets)["loss"]
    if not hasattr(mlp, "classes_"):
        loss /= ours.shape[1]  # the mean over the values, whose sum it descends along
    return Proof(
        "sklearn",
        len(X),
        apart(theirs.reshape(ours.shape), ours),
        apart(np.array(stepped.loss_), np.array(loss)),
        {
            n: apart(slope, gradients[n])
            for n, slope in zip((*names[::2], *names[1::2]), slopes, strict=True)
        },
    )
