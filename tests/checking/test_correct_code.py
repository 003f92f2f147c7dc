"""Correct code is never accused: chainrule's own, and students' of many habits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.checking import check
from example_layers import LAYERS
from example_losses import LOSSES
from planted_bugs.correct import CORRECT


@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_every_layer_of_chainrule_is_certified(example: Any) -> None:
    X = example.samples() if example.inputs else None
    certificate = check(example.layer, X, shape=example.shape, training=example.training)
    assert certificate.passed, str(certificate)
    assert certificate.diagnosis is None


@pytest.mark.parametrize("example", LOSSES, ids=str)
def test_every_loss_of_chainrule_is_certified(example: Any) -> None:
    certificate = check(example.loss)
    assert certificate.passed, str(certificate)


@pytest.mark.parametrize(("name", "thing", "options"), CORRECT, ids=[c[0] for c in CORRECT])
def test_correct_students_code_is_certified(name: str, thing: Any, options: Any) -> None:
    certificate = check(thing, title=name, **options)
    assert certificate.passed, str(certificate)
    assert "agree" in str(certificate)


@pytest.mark.parametrize("layer", [cr.Dense(2), cr.Tanh(), cr.Softmax()], ids=repr)
def test_a_layer_in_columns_is_certified(layer: cr.Layer) -> None:
    certificate = check(cr.columns(layer))
    assert certificate.passed
    assert certificate.subject.notation == "columns"


@pytest.mark.parametrize("last", [cr.Dense(3), cr.Softmax()], ids=repr)
def test_a_whole_model_is_certified_and_left_as_it_was(last: cr.Layer) -> None:
    network = cr.Sequential(cr.Dense(3), cr.ReLU(), cr.Dense(3), last)
    loss = cr.CrossEntropy() if isinstance(last, cr.Softmax) else cr.SoftmaxCrossEntropy()
    model = cr.Model(network, loss, input_shape=(4,))
    before = {name: p.copy() for name, p in model.parameters.items()}
    certificate = check(model)
    assert certificate.passed, str(certificate)
    assert {r.name for r in certificate.results} >= {"dX", "0.dW", "2.db"}
    for name, p in model.parameters.items():
        np.testing.assert_array_equal(p, before[name])


def test_a_large_model_is_checked_at_some_entries() -> None:
    network = cr.Sequential(cr.Dense(40), cr.Tanh(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(200,))
    certificate = check(model)
    assert certificate.passed, str(certificate)
    assert max(r.entries for r in certificate.results) < 200


def test_given_samples_are_the_ones_that_are_used() -> None:
    X = np.array([[1.0, -2.0], [0.5, 3.0]])
    certificate = check(cr.Dense(3), X)
    assert certificate.measurement is not None
    np.testing.assert_array_equal(certificate.measurement.trial.variables["X"], X)
    assert certificate.passed


def test_the_same_seed_gives_the_same_page_and_another_seed_another() -> None:
    class Half:
        def forward(self, X: Any) -> Any:
            return np.tanh(X)

        def backward(self, dY: Any) -> Any:
            return dY

    assert str(check(Half())) == str(check(Half()))
    assert str(check(Half())) != str(check(Half(), seed=1))


def test_numpys_own_randomness_is_not_touched() -> None:
    state = np.random.get_state()[1].copy()
    check(cr.Dense(2))
    np.testing.assert_array_equal(state, np.random.get_state()[1])
