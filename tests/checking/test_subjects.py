"""What can be checked, how it is run, and what is said of things that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.checking import check
from chainrule.checking.subjects.choose import subject_for
from planted_bugs.correct import propagate
from planted_bugs.dense import Rows, some


@dataclass(frozen=True, repr=False)
class MeanBias(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": cache.T @ dY, "b": dY.mean(axis=0)}


@dataclass(frozen=True, repr=False)
class WrongFormula(cr.Tanh):
    formulas = cr.Tanh.formulas.__class__(
        forward={"Y": "tanh(X)"}, backward={"dX": "dY * (1 - X**2)"}
    )


@dataclass(frozen=True, repr=False)
class NoHalf(cr.SquaredError):
    def per_sample(self, Z: Any, Y: Any) -> Any:
        return ((Z - Y) ** 2).sum(axis=1) / 2, 2 * (Z - Y)


def test_a_layer_of_ones_own_is_diagnosed_with_its_line() -> None:
    certificate = check(MeanBias(3))
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.slips == ("bias averaged",)
    assert "test_subjects.py:21" in str(certificate)
    assert "the formula of db is not what the code computes" in str(certificate)


@pytest.mark.parametrize("whole", ["sequence", "model"])
def test_a_wrong_layer_is_found_inside(whole: str) -> None:
    network = cr.Sequential(cr.Dense(4), cr.ReLU(), MeanBias(2))
    subject: Any = network
    if whole == "model":
        subject = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(3,))
    certificate = check(subject)
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.part == "2"
    assert certificate.diagnosis.slips == ("bias averaged",)
    assert 'LAYER  MeanBias(2) at "2"' in str(certificate)


def test_a_formula_that_is_not_the_code_fails_though_the_gradient_agrees() -> None:
    certificate = check(WrongFormula())
    assert all(r.passed for r in certificate.results)
    assert not certificate.passed
    assert "the formula of dX is not what the code computes" in str(certificate)


def test_a_loss_that_follows_another_convention_is_not_called_a_wrong_gradient() -> None:
    certificate = check(NoHalf())
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.slips == ("2 or ½",)
    assert certificate.diagnosis.claims == ("convention",)
    assert "convention" in str(certificate)


class Net:
    """A student's network of a student's layers."""

    class Sigmoid:
        def forward(self, X: Any) -> Any:
            self.A = 1 / (1 + np.exp(-X))
            return self.A

        def backward(self, dA: Any) -> Any:
            return dA * self.A * (1 + self.A)

    class Dense(Rows):
        def backward(self, dY: Any) -> Any:
            self.dW, self.db = self.X.T @ dY, dY.sum(axis=0)
            return dY @ self.W.T

    def __init__(self) -> None:
        self.layers = [self.Dense(2, 4), self.Sigmoid(), self.Dense(4, 3)]

    def forward(self, X: Any) -> Any:
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, d: Any) -> Any:
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d


def test_a_students_network_is_looked_into() -> None:
    certificate = check(Net())
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.part == "layers[1]"
    names = [r.name for r in certificate.results]
    assert names == ["dX", "layers[0].dW", "layers[0].db", "layers[2].dW", "layers[2].db"]


class WritesToItsInput(Rows):
    def backward(self, dY: Any) -> Any:
        dW, db, dX = self.X.T @ dY, dY.sum(axis=0), dY @ self.W.T
        dY *= 0
        return dX, dW, db


class Accumulates(Rows):
    def __init__(self) -> None:
        super().__init__()
        self.dW, self.db = np.zeros((2, 3)), np.zeros(3)

    def backward(self, dY: Any) -> Any:
        self.dW = self.dW + self.X.T @ dY
        self.db = self.db + dY.sum(axis=0)
        return dY @ self.W.T


class Remembers(Rows):
    """Keeps the first batch for good."""

    kept: Any = None

    def forward(self, X: Any) -> Any:
        if self.kept is None:
            self.kept = X
        return X @ self.W + self.b

    def backward(self, dY: Any) -> Any:
        m = len(dY)
        self.dW = np.resize(self.kept, (m, 2)).T @ dY
        self.db = dY.sum(axis=0)
        return dY @ self.W.T


class Restless(Rows):
    calls = 0

    def forward(self, X: Any) -> Any:
        Restless.calls += 1
        return super().forward(X) + 1e-9 * Restless.calls

    def backward(self, dY: Any) -> Any:
        return dY @ self.W.T, self.X.T @ dY, dY.sum(axis=0)


@pytest.mark.parametrize(
    ("thing", "said", "passes"),
    [
        (WritesToItsInput(), "dY was written to", False),
        (Accumulates(), "dW adds up from call to call: set it to 0 before", True),
        (Remembers(), "dW of a second batch still holds something of the first", False),
        (Restless(), "forward gives something else when it is called again", False),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "forward") else "",
)
def test_what_else_can_be_wrong_is_said(thing: Any, said: str, passes: bool) -> None:
    certificate = check(thing)
    assert said in str(certificate)
    assert certificate.passed is passes


class NoGradientForB(Rows):
    def backward(self, dY: Any) -> Any:
        self.dW = self.X.T @ dY
        return dY @ self.W.T


def test_a_gradient_that_is_not_there_is_missed() -> None:
    assert "there is no gradient for b" in str(check(NoGradientForB()))


class Raises(Rows):
    def forward(self, X: Any) -> Any:
        raise RuntimeError("not done yet")

    def backward(self, dY: Any) -> Any:
        return dY


class ForwardOnly:
    def forward(self, X: Any) -> Any:
        return X


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (Raises(), r"RuntimeError: not done yet \(test_subjects.py:\d+\)"),
        (ForwardOnly(), "nothing to check in .*expected a layer, a loss, a model"),
        (3, "nothing to check in 3"),
        ({"forward": "X @ W"}, 'formulas to check are {"forward"'),
        (cr.Model(cr.Dense(2), cr.SquaredError()), "the model is not built yet"),
    ],
    ids=["raises", "forward only", "a number", "half a formula", "not built"],
)
def test_what_cannot_be_checked_is_refused_in_words(thing: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        check(thing)


def test_an_unknown_notation_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(cr.ConfigurationError, match='did you mean "columns"'):
        check(cr.Dense(2), notation="colums")


def test_an_object_is_left_as_it_was() -> None:
    layer = Rows()
    layer.backward = lambda dY: dY @ layer.W.T  # type: ignore[attr-defined]
    before = layer.W.copy()
    check(propagate)
    check(Accumulates())
    np.testing.assert_array_equal(layer.W, before)
    assert not hasattr(layer, "X")


@pytest.mark.parametrize(
    ("thing", "notation"),
    [(propagate, "transposed"), (Rows(), "rows")],
    ids=["propagate", "rows"],
)
def test_the_notation_is_found_by_trying(thing: Any, notation: str) -> None:
    if not hasattr(thing, "backward") and isinstance(thing, Rows):
        thing = Accumulates()
    assert subject_for(thing).notation == notation


def test_weights_that_tell_nothing_apart_are_drawn_anew() -> None:
    layer = Accumulates()
    layer.W, layer.b = np.zeros((2, 3)), np.zeros(3)
    certificate = check(layer)
    assert certificate.measurement is not None
    assert np.abs(certificate.measurement.trial.variables["W"]).min() >= 0.1
    layer.W = some(2, 3)
    kept = check(layer).measurement
    assert kept is not None
    np.testing.assert_array_equal(kept.trial.variables["W"], layer.W)
