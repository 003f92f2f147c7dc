from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.network import Network, check_output, fuse
from chainrule.tree import flatten

BLOCK = cr.Sequential(cr.Dense(8), cr.ReLU())
NESTED = cr.Sequential(cr.Flatten(), BLOCK, cr.Sequential(BLOCK, cr.Dense(2)))


def test_every_layer_has_a_path_and_two_shapes() -> None:
    places = [
        (p.path, repr(p.layer), p.input_shape, p.output_shape)
        for p in Network(NESTED, (2, 3)).places
    ]
    assert places == [
        ("0", "Flatten()", (2, 3), (6,)),
        ("1.0", "Dense(8)", (6,), (8,)),
        ("1.1", "ReLU()", (8,), (8,)),
        ("2.0.0", "Dense(8)", (8,), (8,)),
        ("2.0.1", "ReLU()", (8,), (8,)),
        ("2.1", "Dense(2)", (8,), (2,)),
    ]


def test_parameters_are_counted_and_named_by_path() -> None:
    network = Network(NESTED, (2, 3))
    assert network.count == (6 + 1) * 8 + (8 + 1) * 8 + (8 + 1) * 2
    assert list(flatten(network.specs)) == [
        *("1.0.W", "1.0.b", "2.0.0.W", "2.0.0.b", "2.1.W", "2.1.b")
    ]


@pytest.mark.parametrize(
    ("layers", "chosen"),
    [
        ([cr.Dense(3), cr.ReLU()], cr.HeNormal()),
        ([cr.Dense(3), cr.LeakyReLU(0.1)], cr.HeNormal()),
        ([cr.Dense(3), cr.Sequential(cr.ReLU())], cr.HeNormal()),
        ([cr.Dense(3), cr.Identity(), cr.ReLU()], cr.HeNormal()),
        ([cr.Dense(3), cr.Sigmoid()], cr.GlorotUniform()),
        ([cr.Dense(3), cr.Tanh()], cr.GlorotUniform()),
        ([cr.Dense(3), cr.Softmax()], cr.GlorotUniform()),
        ([cr.Dense(3)], cr.GlorotUniform()),
        ([cr.Dense(3), cr.Dense(2), cr.ReLU()], cr.GlorotUniform()),
        ([cr.Dense(3, cr.Normal(2.0)), cr.ReLU()], cr.Normal(2.0)),
    ],
)
def test_the_activation_that_follows_chooses_the_initial_weights(
    layers: list[cr.Layer], chosen: cr.Initializer
) -> None:
    specs = flatten(Network(cr.Sequential(*layers), (4,)).specs)
    assert specs["0.W"].initializer == chosen
    assert specs["0.b"].initializer == cr.Zeros()


def test_initial_parameters_are_a_function_of_seed_and_names() -> None:
    network = Network(NESTED, (2, 3))
    first, again, other = (flatten(network.initial_parameters(s)) for s in (1, 1, 2))
    for name, p in first.items():
        np.testing.assert_array_equal(p, again[name])
        assert p.dtype == np.float32
        assert name.endswith("b") or (p != other[name]).any()
    precise = flatten(network.initial_parameters(1, "float64"))
    assert all(p.dtype == np.float64 and (p == first[name]).all() for name, p in precise.items())


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (cr.Dense(3), (4, 4), r"^Dense\(3\) expected \(batch, features\), got \(batch, 4, 4\)"),
        (cr.Sequential(cr.Scale(0.1), cr.Dense(3)), (4, 4), r'^Dense\(3\) at "1" expected'),
        (cr.Sequential(cr.Identity(), BLOCK), (4, 4), r'^Dense\(8\) at "1.0" expected .* Flatten'),
    ],
)
def test_wrong_shapes_stop_before_anything_is_computed(
    layer: cr.Layer, shape: Any, message: str
) -> None:
    with pytest.raises(cr.ShapeError, match=message):
        Network(layer, shape)


@pytest.mark.parametrize("shape", [(0,), (-1, 3), (2.5,), ("a",)])
def test_an_input_shape_is_positive_integers(shape: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match="input_shape must be positive integers"):
        Network(cr.Identity(), shape)


def test_a_loss_gets_one_row_per_sample() -> None:
    assert check_output(Network(cr.Dense(3), (2,)), cr.SoftmaxCrossEntropy()) == 3
    with pytest.raises(
        cr.ShapeError, match=r"must be \(batch, outputs\) for a loss, got .* Flatten"
    ):
        check_output(Network(cr.Tanh(), (2, 2)), cr.SquaredError())
    for loss in (cr.SoftmaxCrossEntropy(), cr.CrossEntropy()):
        with pytest.raises(cr.ShapeError, match=r"one output per class, at least 2, .* has 1"):
            check_output(Network(cr.Dense(1), (2,)), loss)


@pytest.mark.parametrize(
    ("last", "loss", "fused"),
    [
        (cr.Softmax(), cr.CrossEntropy(), cr.SoftmaxCrossEntropy()),
        (cr.Sigmoid(), cr.BinaryCrossEntropy(), cr.SigmoidCrossEntropy()),
        (cr.Softmax(), cr.CrossEntropy(reduction="sum"), cr.SoftmaxCrossEntropy(reduction="sum")),
    ],
)
def test_probabilities_and_their_cross_entropy_are_fused(
    last: cr.Layer, loss: cr.Loss, fused: cr.Loss
) -> None:
    assert fuse(cr.Sequential(cr.Dense(3), last), loss) == (cr.Sequential(cr.Dense(3)), fused)


@pytest.mark.parametrize(
    ("layer", "loss"),
    [
        (cr.Sequential(cr.Dense(3), cr.Softmax()), cr.SquaredError()),
        (cr.Sequential(cr.Dense(3), cr.Softmax()), cr.BinaryCrossEntropy()),
        (cr.Sequential(cr.Dense(3), cr.Sigmoid()), cr.CrossEntropy()),
        (cr.Sequential(cr.Dense(3)), cr.SoftmaxCrossEntropy()),
        (cr.Sequential(), cr.CrossEntropy()),
        (cr.Softmax(), cr.CrossEntropy()),
    ],
)
def test_nothing_else_is_fused(layer: cr.Layer, loss: cr.Loss) -> None:
    assert fuse(layer, loss) == (layer, loss)
