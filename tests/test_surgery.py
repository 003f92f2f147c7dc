"""Freezing, looking inside, copying, and new heads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


def trained(network: cr.Layer, loss: cr.Loss | None = None, epochs: int = 2) -> cr.Model:
    model = cr.Model(network, loss or cr.SoftmaxCrossEntropy(), cr.Adam(0.05), input_shape=(4,))
    model.fit(X, Y, epochs, 8, **QUIET)
    return model


# -- freezing


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["0"], ["2.W", "2.b"]),
        (["0.W", "2"], ["0.b"]),
        (["*.b"], ["0.W", "2.W"]),
        (["*"], []),
    ],
)
def test_what_is_frozen_stays_and_the_rest_learns(patterns: list[str], left: list[str]) -> None:
    model = classifier(input_shape=(4,))
    before = {name: p.copy() for name, p in model.parameters.items()}
    model.freeze(*patterns)
    assert sorted(model.learning) == left
    model.fit(X, Y, 1, 8, **QUIET)
    for name, p in model.parameters.items():
        assert np.array_equal(p, before[name]) == (name not in left)


def test_freezing_adds_up_and_unfreezing_takes_back() -> None:
    model = classifier(input_shape=(4,))
    model.freeze("0.W")
    model.freeze("2.b")
    assert sorted(model.learning) == ["0.b", "2.W"]
    model.unfreeze("0")
    assert sorted(model.learning) == ["0.W", "0.b", "2.W"]
    model.unfreeze()
    assert model.trainable is None
    fresh = classifier(input_shape=(4,))
    for one in (model, fresh):
        one.fit(X, Y, 1, 8, **QUIET)
    assert same_bits(model, fresh)


def test_trainable_can_be_set_and_is_checked() -> None:
    model = classifier(input_shape=(4,))
    model.trainable = ["2"]
    assert model.trainable == ("2",)
    assert sorted(model.learning) == ["2.W", "2.b"]
    for wrong in (lambda: model.freeze("7"), lambda: setattr(model, "trainable", ["7.W"])):
        with pytest.raises(cr.ConfigurationError, match='unknown parameter "7'):
            wrong()
    assert model.trainable == ("2",)


# -- looking inside

NETWORKS = [
    cr.Sequential(cr.Dense(5), cr.Tanh(), cr.Dense(3)),
    cr.Sequential(cr.Dense(5), cr.Sequential(cr.Tanh(), cr.Residual(cr.Dense(5), cr.ReLU())),
                  cr.Dropout(0.5), head=cr.Dense(3)),
    cr.Sequential(cr.BatchNorm(), cr.Concatenate(cr.Identity(), wide=cr.Dense(2)), cr.Dense(3)),
    cr.Sequential(cr.Sequential(cr.Shared("s", cr.Dense(4)), cr.Tanh()),
                  cr.Shared("s", cr.Dense(4)), cr.Dense(3)),
    cr.Dense(3),
]  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS, ids=repr)
def test_every_layers_output_is_there(network: cr.Layer) -> None:
    model = trained(network)
    found = model.activations(X)
    last = list(found)[-1]
    np.testing.assert_array_equal(found[last], model.outputs(X))
    before = X  # each layer alone, given what came before it
    for name, layer in getattr(network, "children", ()):
        if isinstance(layer, cr.Dense) and f"{name}.W" in model.parameters:
            params = {n: model.parameters[f"{name}.{n}"] for n in "Wb"}
            np.testing.assert_array_equal(found[name], layer.forward(params, before)[0])
        before = found[name]


def test_paths_reach_into_every_combinator() -> None:
    assert list(trained(NETWORKS[1]).activations(X)) == [
        "0", "1.0", "1.1.0", "1.1.1", "1.1", "1", "2", "head"
    ]  # fmt: skip
    found = trained(NETWORKS[2]).activations(X)
    np.testing.assert_array_equal(found["1"], np.hstack([found["1.0"], found["1.wide"]]))
    assert list(trained(NETWORKS[3]).activations(X)) == ["0.0", "0.1", "0", "1", "2"]


def test_the_last_one_of_a_fused_network_is_its_probabilities() -> None:
    model = trained(cr.Sequential(cr.Dense(3), cr.Softmax()), cr.CrossEntropy())
    found = model.activations(X)
    assert list(found) == ["0", "1"]
    np.testing.assert_array_equal(found["1"], model.predict_proba(X))


def test_looking_inside_needs_samples_that_fit() -> None:
    with pytest.raises(cr.ShapeError):
        trained(NETWORKS[0]).activations(X[:, :3])


# -- copying


def test_parameters_are_copied_by_name() -> None:
    source, model = trained(NETWORKS[0]), classifier(seed=9, input_shape=(4,))
    fits = cr.Model(NETWORKS[0], cr.SoftmaxCrossEntropy(), seed=9, input_shape=(4,))
    assert fits.copy_parameters(source) == ["0.W", "0.b", "2.W", "2.b"]
    assert same_bits(fits, source)
    assert model.copy_parameters(source) == ["2.b"]  # of another width, but for the last bias
    with pytest.raises(cr.ShapeError, match=r"0.W is \(4, 5\) there, but is \(4, 6\) here"):
        model.copy_parameters(source, "0.W")
    with pytest.raises(cr.ConfigurationError, match='unknown parameter "7"'):
        model.copy_parameters(source, "7")
    other = cr.Model(cr.Sequential(a=cr.Dense(3)), cr.SoftmaxCrossEntropy(), input_shape=(4,))
    with pytest.raises(cr.ConfigurationError, match="no parameter has the same name and shape"):
        other.copy_parameters(source)


def test_a_layers_running_statistics_come_along() -> None:
    network = cr.Sequential(cr.BatchNorm(), cr.Dense(3))
    source = trained(network)
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
    model.copy_parameters(source)
    np.testing.assert_array_equal(model.predict_proba(X), source.predict_proba(X))


def test_an_averaged_model_gives_and_takes_its_average() -> None:
    averaged = cr.Averaged(cr.SGD(0.3), decay=0.9)
    source = cr.Model(NETWORKS[0], cr.SoftmaxCrossEntropy(), averaged, input_shape=(4,))
    source.fit(X, Y, 3, 8, **QUIET)
    taker = cr.Model(NETWORKS[0], cr.SoftmaxCrossEntropy(), averaged, seed=9, input_shape=(4,))
    taker.copy_parameters(source)
    np.testing.assert_array_equal(taker.outputs(X), source.outputs(X))
    found = source.activations(X)
    np.testing.assert_array_equal(found["2"], source.outputs(X))


# -- new heads


def test_a_new_head_on_an_old_trunk() -> None:
    network = cr.Sequential(
        cr.Standardize(), cr.Dense(6), cr.BatchNorm(), cr.Tanh(), cr.Dense(3), cr.Softmax()
    )
    model = trained(network, cr.CrossEntropy())
    new = model.with_head(cr.Dense(4), cr.Tanh(), cr.Dense(1), loss=cr.SquaredError())
    assert new.network == cr.Sequential(
        *network.layers[:4], cr.Dense(4), cr.Tanh(), cr.Dense(1)
    )  # fmt: skip
    old, fresh = model.activations(X), new.activations(X)
    for path in ("0", "1", "2", "3"):
        np.testing.assert_array_equal(old[path], fresh[path])
    assert new.state.step == 0
    assert new.history.epochs == 0
    new.freeze("1", "2")
    new.fit(X, X[:, 0], 3, 8, **QUIET)
    np.testing.assert_array_equal(new.parameters["1.W"], model.parameters["1.W"])
    new.unfreeze()
    new.fit(X, X[:, 0], 1, 8, **QUIET)
    assert not np.array_equal(new.parameters["1.W"], model.parameters["1.W"])


def test_a_named_head_keeps_its_name() -> None:
    network = cr.Sequential(trunk=cr.Sequential(cr.Dense(5), cr.Tanh()), head=cr.Dense(3))
    model = trained(network)
    new = model.with_head(cr.Dense(7), classes=list("abcdefg"))
    assert repr(new.network) == (
        "Sequential(trunk=Sequential(Dense(5), Tanh()), head=Dense(7))"
    )  # fmt: skip
    assert new.classes == tuple("abcdefg")
    np.testing.assert_array_equal(new.parameters["trunk.0.W"], model.parameters["trunk.0.W"])
    two = model.with_head(cr.Dense(4), cr.Dense(2))
    assert two.network.children[-1] == ("head", cr.Sequential(cr.Dense(4), cr.Dense(2)))


@pytest.mark.parametrize("network", [cr.Dense(3), cr.Sequential(cr.Dense(3), cr.Softmax())])
def test_without_a_trunk_there_is_none_to_keep(network: cr.Layer) -> None:
    model = cr.Model(network, cr.SquaredError(), input_shape=(4,))
    with pytest.raises(cr.ConfigurationError, match="needs a Sequential with a trunk"):
        model.with_head(cr.Dense(2))


def test_a_head_is_a_layer_at_least() -> None:
    with pytest.raises(cr.ConfigurationError, match="at least one layer"):
        trained(NETWORKS[0]).with_head()
