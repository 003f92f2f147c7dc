"""Every layer and every loss is written as PyTorch and Keras, and proved on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.frameworks import prove, translate, weights_for
from chainrule.interop.frameworks.keras import KERAS
from chainrule.interop.frameworks.losses import SUMS
from chainrule.interop.frameworks.torch_layers import TORCH
from chainrule.layers.combinators import Combinator
from example_losses import LOSSES
from example_models import EXAMPLES, model_of
from small import classification, classifier

MEANS_NOTHING_THERE = (Combinator, cr.Shared, cr.Identity)


def numbers(model: cr.Model, m: int = 4) -> Any:
    return np.random.default_rng(0).random((m, *model.built.output_shape))  # type: ignore[union-attr]


def test_no_layer_is_missing() -> None:
    kinds = {type(e.layer) for e in EXAMPLES if not isinstance(e.layer, MEANS_NOTHING_THERE)}
    assert kinds <= set(TORCH)
    assert kinds <= set(KERAS)
    assert {type(e.loss) for e in LOSSES} == set(SUMS)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_layer_in_pytorch(example: Any) -> None:
    pytest.importorskip("torch")
    model = model_of(example, "float64", cr.Dense(2), cr.Tanh())
    proof = prove(model, example.samples(4), numbers(model), "torch")
    assert proof.worst < 1e-12, str(proof)
    assert set(proof.gradients) - {"X"} == set(model.parameters)


@pytest.mark.slow
def test_every_layer_in_keras() -> None:
    pytest.importorskip("keras")
    for example in EXAMPLES:
        model = model_of(example, "float32", cr.Dense(2), cr.Tanh())
        proof = prove(model, example.samples(4), numbers(model), "keras")
        assert proof.worst < 1e-5, (example, str(proof))
        assert set(proof.gradients) - {"X"} == set(model.parameters)


def with_loss(example: Any, dtype: str) -> tuple[cr.Model, Any, Any]:
    network = cr.Sequential(
        cr.Dense(3),
        cr.Softmax() if isinstance(example.loss, cr.CrossEntropy) else cr.Sigmoid(),
        cr.Identity(),  # so that nothing is fused
    )
    model = cr.Model(network, example.loss, input_shape=(2,), dtype=dtype)  # type: ignore[arg-type]
    x = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.0]])
    flags = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0]])
    if example.loss.task == "classes":
        return model, x, np.array([1, 0, 2])
    return model, x, flags if example.loss.task == "binary" else flags + 0.25


@pytest.mark.parametrize("example", LOSSES, ids=str)
def test_a_loss_in_pytorch(example: Any) -> None:
    pytest.importorskip("torch")
    model, x, y = with_loss(example, "float64")
    proof = prove(model, x, y, "torch")
    assert proof.worst < 1e-12, str(proof)


@pytest.mark.slow
def test_every_loss_in_keras() -> None:
    pytest.importorskip("keras")
    for example in LOSSES:
        model, x, y = with_loss(example, "float32")
        proof = prove(model, x, y, "keras")
        assert proof.worst < 1e-5, (example, str(proof))


def test_the_code_reads_like_a_network() -> None:
    network = cr.Sequential(cr.Reshape((8, 8, 1)), cr.Conv2D(4, 3), cr.ReLU(), cr.MaxPool(),
                            cr.Flatten(), cr.Dropout(0.25), cr.Dense(3))  # fmt: skip
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(8, 8))
    torch, keras = (translate(model, target).code for target in ("torch", "keras"))
    for line in (
        "self.layer1 = nn.Conv2d(1, 4, (3, 3), stride=(1, 1), padding=(0, 0))",
        "X = F.max_pool2d(X, (2, 2), (2, 2), (0, 0))",
        "X = F.dropout(X, 0.25, self.training)",
        'return F.cross_entropy(Z, Y, reduction="mean")',
    ):
        assert line in torch
    assert 'X = keras.layers.Dense(3, name="layer6")(X)' in keras


def test_rows_after_flatten_are_turned_to_channels_first() -> None:
    network = cr.Sequential(cr.Conv2D(2, 1), cr.Flatten(), cr.Dense(1))
    model = cr.Model(network, cr.SquaredError(), input_shape=(2, 2, 3))
    W = np.arange(8.0)[:, None]  # 2 x 2 places of 2 channels, the channel last
    model.set_parameters({"2.W": W})
    weights = weights_for(model, "torch")
    np.testing.assert_array_equal(weights["layer2.weight"], [[0, 2, 4, 6, 1, 3, 5, 7]])
    assert weights["layer0.weight"].shape == (2, 3, 1, 1)


@dataclass(frozen=True, repr=False, eq=False)
class Mine(cr.Layer):
    def forward(self, params: Any, X: Any, ctx: Any = cr.INFERENCE) -> Any:
        return X, X


@pytest.mark.parametrize("target", ["torch", "keras"])
def test_a_layer_of_ones_own_is_named(target: str) -> None:
    model = cr.Model(cr.Sequential(cr.Dense(2), Mine()), cr.SquaredError(), input_shape=(3,))
    with pytest.raises(cr.ConfigurationError, match=r"1: Mine\(\) has no (PyTorch|Keras) code"):
        translate(model, target)
    with pytest.raises(cr.ConfigurationError, match='unknown target "jax"'):
        translate(model, "jax")


def test_a_custom_loss_is_named() -> None:
    loss = cr.CustomLoss(lambda Z, Y: (Z - Y)[:, 0], lambda Z, Y: 0 * Z + 1)
    model = cr.Model(cr.Dense(1), loss, input_shape=(3,))
    with pytest.raises(cr.ConfigurationError, match=r"CustomLoss.* has no torch code"):
        translate(model, "torch")


def test_distributions_are_not_proved() -> None:
    pytest.importorskip("torch")
    x, y = classification()
    model = classifier(input_shape=(4,))
    with pytest.raises(cr.ConfigurationError, match="not as distributions"):
        prove(model, x, np.eye(3)[y], "torch")


def shared() -> tuple[cr.Model, Any, Any]:
    """Return a model that shares a layer in three places and predicts with averages."""
    network = cr.Sequential(
        cr.Shared("trunk", cr.Dense(4)),
        cr.Tanh(),
        cr.Shared("trunk", cr.Dense(4)),
        body=cr.Residual(cr.Shared("trunk", cr.Dense(4)), cr.Concatenate(cr.Dense(2), cr.Tanh()),
                         cr.Dense(4)),
        head=cr.Dense(2),
    )  # fmt: skip
    model = cr.Model(network, cr.SigmoidCrossEntropy(), cr.Averaged(cr.SGD(0.1)))
    x = np.random.default_rng(0).normal(size=(9, 4))
    y = (x[:, :2] > 0).astype(int)
    model.fit(x, y, epochs=2, verbose=0)
    return model, x, y


def test_shared_layers_and_averages_in_pytorch() -> None:
    pytest.importorskip("torch")
    model, x, y = shared()
    proof = prove(model, x, y, "torch")
    assert proof.worst < 1e-6, str(proof)
    assert set(proof.gradients) == {*model.parameters, "X"}


@pytest.mark.parametrize("name", ["net.py", "net.h"])
def test_shared_layers_and_averages_stand_alone(tmp_path: Path, name: str) -> None:
    model, x, _ = shared()
    report = cr.export_standalone(model, tmp_path / name, x)
    assert report.differing in (0, None)
